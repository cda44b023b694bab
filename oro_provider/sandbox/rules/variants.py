"""Configurable products: the attributes that tell their variants apart, and variants that must differ in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.drafts import Draft, row_of

if TYPE_CHECKING:
    from oro_provider.sandbox.writing import Writer

_TITLE = "unique product variant links constraint"
_NOT_UNIQUE = "Can't save product variants. Configurable attribute combinations should be unique."
_NO_ATTRIBUTE = (
    "Configurable product requires at least one filterable attribute of the Select or Boolean type to enable product "
    "variants. The provided product family does not fit for configurable products."
)


def check_configurable(writer: Writer, draft: Draft) -> None:
    """Check a configurable product's variant fields, and its variants against each other."""
    fields = json.loads(draft.get("variantFields") or "[]")
    known = writer.catalog.product_flags
    for name in fields:
        if name not in known:
            detail = f"Can't save configurable attribute. Field \"{name}\" doesn't exist in product"
            draft.complain("product variant field constraint", detail)
    if not known:
        # A fresh store has no select or boolean attribute in its family, and the API cannot make one.
        draft.complain("not empty configurable attributes constraint", _NO_ATTRIBUTE)
        return
    links = [link for link in draft.many.get("variantLinks", []) if isinstance(link, Draft)]
    taken = [_values(writer, link.get("product"), fields, known) for link in links]
    if _clash(taken):
        draft.complain(_TITLE, _NOT_UNIQUE)
        for link in links:
            link.complain(_TITLE, _NOT_UNIQUE, "")


def check_link(writer: Writer, draft: Draft) -> None:
    """Check a variant link that is made alone against its configurable parent's other variants."""
    parent = draft.get("parentProduct")
    found = row_of(writer.connection, "products", parent) if isinstance(parent, int) else None
    if draft.update or found is None or found["productType"] != "configurable":
        return  # a simple product is taken as a parent too
    fields = json.loads(found["variantFields"] or "[]")
    others = writer.connection.execute('SELECT "product" FROM productvariantlinks WHERE "parentProduct" = ?', (parent,))
    products = [row[0] for row in others] + [draft.get("product")]
    if _clash([_values(writer, one, fields, writer.catalog.product_flags) for one in products]):
        draft.complain(_TITLE, _NOT_UNIQUE)


def _values(writer: Writer, product: Any, fields: list[str], known: tuple[str, ...]) -> tuple[object, ...]:
    if isinstance(product, Draft):
        return tuple(product.get(name) for name in fields if name in known)
    found = row_of(writer.connection, "products", product) or {}
    return tuple(found.get(name) for name in fields if name in known)


def _clash(values: list[tuple[object, ...]]) -> bool:
    """Whether two variants are the same, or one has no value where it needs one."""
    return len(set(values)) < len(values) or any(None in one for one in values)
