"""What differs between the store's versions: one table of facts, and the shapes as each version shows them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from oro_provider.entities.shapes import SHAPES, Kind, Shape, To
from oro_provider.sandbox.resources import Filter, Resource
from oro_provider.sandbox.table import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Facts:
    """One version of the store. The defaults are those of 6.1.9."""

    version: str
    unknown: frozenset[str] = frozenset()  # resources that this version does not have
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)  # attributes and relations that it does not show
    added: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)  # attributes that 6.1.9 does not show
    related: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # to-one relations that 6.1.9 does not show
    to_one: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # relation to many of 6.1 -> its name to one
    filters: Mapping[str, str] = field(default_factory=dict)  # filters that are missing here, by resource
    operators_combine: bool = True  # [gte] and [lt] on one field: both, or only the last one
    date_lists: bool = True
    price_id_lists: bool = True
    empty_filter_refused: bool = True
    empty_body_detail: str = "The request data should not be empty."
    optional: frozenset[tuple[str, str]] = frozenset()  # required in 6.1, but not here
    operator_in_parameter: bool = True  # filter[x][op] in errors, or filter[x]
    sync_batch: bool = True
    validate_flag: bool = True
    enum_needs_field: bool = True
    products_total_wrong: bool = True
    subresource_total_breaks: bool = False
    max_related: int = 1000
    unlimited_related: frozenset[tuple[str, str]] = frozenset({("orders", "lineItems"), ("orders", "orderSubtotals")})
    challenge: str | None = "Bearer"  # WWW-Authenticate without a token
    challenge_for_bad_token: bool = False
    upsert_update_status: int = 200
    login_page: str = "user/login"  # where the authorize page sends a stranger
    missing_line_price_status: int = 400
    settings_made: bool = True  # a new product has a record for each setting, or none until one is set
    status_pages: bool = False  # orderinternalstatuses takes page[...]
    external_id: bool = False
    searches: frozenset[str] = frozenset({"searchText", "searchQuery", "aggregations"})


# The outgoing webhooks came with 6.1.10 and 7.0.2.
_HOOKS = frozenset({"webhooks", "webhooktopics", "webhookformats"})

_61 = Facts("6.1", unknown=_HOOKS)

_60 = replace(
    _61,
    version="6.0",
    unknown=_HOOKS | {"ordersubtotals", "customerprices"},
    hidden={
        "countries": frozenset({"deleted"}),
        "regions": frozenset({"deleted"}),
        "customeraddresses": frozenset({"validatedAt"}),
        "customeruseraddresses": frozenset({"validatedAt"}),
        "orderaddresses": frozenset({"validatedAt"}),
        "products": frozenset({"kitShippingCalculationMethod", "defaultVariant"}),
        "orders": frozenset(
            [
                "subtotalWithDiscountsValue",
                "external",
                "createdBy",
                "internalStatus",
                "orderSubtotals",
                "documents",
                "shippingStatus",
                "status",
            ]
        ),
        "orderlineitems": frozenset(
            [
                "createdAt",
                "updatedAt",
                "rowTotalDiscountAmount",
                "rowTotalAfterDiscountIncludingTax",
                "rowTotalAfterDiscountExcludingTax",
                "rowTotalAfterDiscount",
            ]
        ),
    },
    added={"orders": {"uuid": "string"}},
    to_one={"orderlineitems": {"orders": "order"}, "ordershippingtrackings": {"orders": "order"}},
    filters={
        "products": "defaultVariant",
        "orders": "external createdBy shippingStatus internalStatus",
        "orderlineitems": "createdAt updatedAt customer customerUser",
        "customeraddresses": "customRegion",
        "customeruseraddresses": "customRegion",
        "orderaddresses": "customRegion",
    },
    operators_combine=False,
    date_lists=False,
    price_id_lists=False,
    enum_needs_field=False,
    max_related=100,
    unlimited_related=frozenset(),
    validate_flag=False,
    upsert_update_status=302,
    login_page="oauth2-token/login",
    missing_line_price_status=500,
    challenge='WSSE realm="Secured API", profile="UsernameToken"',
    challenge_for_bad_token=True,
    operator_in_parameter=False,
    empty_body_detail="The request data should not be empty",
    optional=frozenset({("orders", "currency")}),
)

_51 = replace(
    _60,
    version="5.1",
    unknown=_60.unknown | {"orderinternalstatuses", "ordershippingstatuses", "orderstatuses"},
    filters={
        **_60.filters,
        "orders": f"updatedAt {_60.filters['orders']}",
        **dict.fromkeys(("prodinventorystatuses", "customerratings"), "priority"),
    },
    sync_batch=False,
    settings_made=False,
    empty_filter_refused=False,
    subresource_total_breaks=True,
    searches=frozenset({"searchText"}),
)

_EXTERNAL_IDS = ("orders", "customers", "customerusers", "users", "brands", "inventorylevels")

_6111 = replace(
    _61,
    version="6.1.11",
    added={
        **{name: {"externalId": "string"} for name in _EXTERNAL_IDS},
        "orderlineitems": {"draftDelete": "boolean"},
    },
    related={"orderlineitems": {"freeFormTaxCode": "producttaxcodes"}},
    unknown=frozenset(),
    external_id=True,
    products_total_wrong=False,
)

FACTS: Mapping[str, Facts] = MappingProxyType(
    {one.version: one for one in (_51, _60, _61, _6111, replace(_6111, version="7.0", status_pages=True))}
)


class Catalog:
    """The resources and shapes of one version."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.product_flags: tuple[str, ...] = ()
        self.shapes: dict[str, Shape] = {}
        self.resources: dict[str, Resource] = {}
        for name, shape in SHAPES.items():
            if name not in facts.unknown:
                self.shapes[name] = _shape(facts, name, shape)
                if name in RESOURCES:
                    self.resources[name] = _resource(facts, RESOURCES[name])

    def add_flags(self, names: tuple[str, ...]) -> None:
        """Let products have boolean attributes of the store's own."""
        products = self.shapes["products"]
        attributes: dict[str, Kind] = {**products.attributes}
        attributes |= dict.fromkeys(names, "boolean")
        self.shapes["products"] = Shape(MappingProxyType(attributes), products.relationships)
        self.product_flags += tuple(name for name in names if name not in self.product_flags)

    def stored_relation(self, resource: str, relation: str) -> str:
        """The 6.1 name of a relation, under which it is stored."""
        for stored, shown in self.facts.to_one.get(resource, {}).items():
            if shown == relation:
                return stored
        return relation


def _shape(facts: Facts, name: str, shape: Shape) -> Shape:
    hidden = facts.hidden.get(name, frozenset())
    attributes = {n: kind for n, kind in shape.attributes.items() if n not in hidden}
    attributes.update(facts.added.get(name, {}))
    renamed = facts.to_one.get(name, {})
    relationships: dict[str, To] = {}
    for relation, to in shape.relationships.items():
        if relation in hidden or to.type in facts.unknown:
            continue
        relationships[renamed.get(relation, relation)] = To(to.type) if relation in renamed else to
    relationships |= {relation: To(target) for relation, target in facts.related.get(name, {}).items()}
    return Shape(MappingProxyType(attributes), MappingProxyType(relationships))


def _resource(facts: Facts, row: Resource) -> Resource:
    missing = set(facts.filters.get(row.name, "").split())
    renamed = facts.to_one.get(row.name, {})
    filters: dict[str, Filter] = {}
    for name, one in row.filters.items():
        if name not in missing:
            dated = name.endswith("At") and not facts.date_lists
            single = dated or ((row.name, name) == ("productprices", "id") and not facts.price_id_lists)
            filters[renamed.get(name, name)] = replace(one, lists=False) if single else one
    for name in facts.added.get(row.name, {}):
        if name in {"externalId", "uuid"}:
            filters[name] = Filter(name, lists=True)
    sorts = frozenset(renamed.get(name, name) for name in row.sorts if name not in missing)
    upsert = (*row.upsert, "uuid") if "uuid" in facts.added.get(row.name, {}) else row.upsert
    paged = row.paged and not (row.name in {"orderinternalstatuses", "orderstatuses"} and not facts.status_pages)
    return replace(
        row, filters=MappingProxyType(filters), sorts=sorts, upsert=upsert, paged=paged,
        required=tuple(name for name in row.required if (row.name, name) not in facts.optional),
    )  # fmt: skip
