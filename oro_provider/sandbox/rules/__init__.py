"""The store's own rules for single resources, where the table of resources does not say enough."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from oro_provider.sandbox.rules import customers, orders, prices, products
from oro_provider.sandbox.rules.hooks import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES: Mapping[str, Rules] = MappingProxyType({**products.RULES, **prices.RULES, **customers.RULES, **orders.RULES})

__all__ = ["RULES", "Rules"]
