"""Every case of the contract, by subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.cases import (
    batches,
    customers,
    documents,
    filters,
    lookups,
    orders,
    paging,
    prices,
    products,
    protocol,
)

if TYPE_CHECKING:
    from tests.contract.case import Case

CASES: tuple[Case, ...] = (
    *protocol.CASES,
    *paging.CASES,
    *filters.CASES,
    *documents.CASES,
    *lookups.CASES,
    *products.CASES,
    *prices.CASES,
    *customers.CASES,
    *orders.CASES,
    *batches.CASES,
)
