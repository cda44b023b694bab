"""The names in each resource's document: attributes and relations are those of the shapes, in every version."""

from __future__ import annotations

from oro_provider.sandbox.versions import FACTS, Catalog
from tests.contract.case import VERSIONS, Case

# Resources of which every store has a record.
_SEEN = ("customers", "customergroups", "customerusers", "customeruserroles", "customertaxcodes", "paymentterms", "products", "productnames",
         "productunitprecisions", "productunits", "producttaxcodes", "inventorylevels", "attributefamilies", "categories", "categorytitles",
         "brands", "pricelists", "orders", "orderlineitems", "orderaddresses", "users", "organizations", "businessunits", "countries", "regions",
         "localizations", "taxes", "prodinventorystatuses", "customerratings", "customeraddresses", "customeruseraddresses")  # fmt: skip


def _document(version: str, resource: str) -> Case:
    shape = Catalog(FACTS[version]).shapes[resource]
    record: dict[str, object] = {"type": resource, "id": ...}
    if shape.attributes:
        record["attributes"] = dict.fromkeys(shape.attributes, ...)
    if shape.relationships:
        record["relationships"] = {name: {"data": ...} for name in shape.relationships}
    call = (
        f"GET {resource}?page[size]=1"
        if resource not in {"prodinventorystatuses", "customerratings"}
        else f"GET {resource}"
    )
    has = {"data": [record]} if "?" in call else {"data": ...}
    return Case(
        f"document-{resource}-{version}", "the names in a document", call, has=has, since=version, until=version
    )


CASES = tuple(_document(version, resource) for version in VERSIONS for resource in _SEEN)
