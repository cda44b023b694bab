"""Where each resource lives in SQLite: a table a resource, a column an attribute or to-one relation, a join table where neither
side owns the other. All of it follows from the shapes, so a resource that gets a row there is stored without more code.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from oro_provider.entities.shapes import SHAPES, Kind, Shape, To

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Ids that are codes or composed; all others are integers that the store gives.
TEXT_IDS = frozenset({
    "countries", "regions", "productunits", "lengthunits", "weightunits", "freightclasses", "prodinventorystatuses",
    "orderinternalstatuses", "ordershippingstatuses", "orderstatuses", "customerratings", "customeruserauthstatuses",
    "userauthstatuses", "productprices", "ordersubtotals", "customerprices", "entitystructures", "asyncoperationerrors",
    "configuration", "configurationoptions", "webhooks", "webhooktopics", "webhookformats",
})  # fmt: skip

# Resources whose rows are computed when asked for, so they have no table.
COMPUTED = frozenset(
    {"ordersubtotals", "customerprices", "entitystructures", "asyncoperations", "asyncoperationerrors", "configuration"}
)

# To-many relations that are the other side of a to-one: (resource, relation) -> relation of the target that points back.
_INVERSE = {
    ("products", "unitPrecisions"): "product",
    ("products", "names"): "product",
    ("products", "descriptions"): "product",
    ("products", "shortDescriptions"): "product",
    ("products", "variantLinks"): "parentProduct",
    ("products", "images"): "product",
    ("products", "kitItems"): "productKit",
    ("products", "productShippingOptions"): "product",
    ("productkititems", "labels"): "kitItem",
    ("productkititems", "kitItemProducts"): "kitItem",
    ("productimages", "types"): "productImage",
    ("categories", "titles"): "category",
    ("categories", "childCategories"): "parentCategory",
    ("categories", "shortDescriptions"): "category",
    ("categories", "longDescriptions"): "category",
    ("categories", "products"): "category",
    ("pricelists", "schedules"): "priceList",
    ("pricelists", "priceRules"): "priceList",
    ("customers", "children"): "parent",
    ("customers", "addresses"): "customer",
    ("customers", "users"): "customer",
    ("customerusers", "addresses"): "customerUser",
    ("orders", "discounts"): "order",
    ("orders", "subOrders"): "parent",
    ("orders", "orderSubtotals"): "order",
    ("orderlineitems", "kitItemLineItems"): "lineItem",
    ("countries", "regions"): "country",
    ("localizations", "childLocalizations"): "parentLocalization",
    ("organizations", "businessUnits"): "organization",
    ("organizations", "users"): "organization",
    ("businessunits", "users"): "owner",
}

# To-many on both sides: the second side reads the first side's join table backwards.
_MIRRORED = {
    ("orderlineitems", "orders"): ("orders", "lineItems"),
    ("ordershippingtrackings", "orders"): ("orders", "shippingTrackings"),
    ("customeruserroles", "customerUsers"): ("customerusers", "userRoles"),
    ("userroles", "users"): ("users", "userRoles"),
    ("notes", "activityTargets"): ("orders", "activityNotes"),
}

# Types that this store has none of, so relations to them are always empty.
_NEVER = frozenset(
    {"attachments", "emails", "tags", "taxjurisdictionzipcodes", "quotes", "websites", "configurationoptions"}
)


@dataclass(frozen=True, slots=True)
class Link:
    """A to-many relation as rows: `SELECT other FROM table WHERE own = ?`; `join` when the table holds nothing else."""

    table: str
    own: str
    other: str
    join: bool


def quoted(name: str) -> str:
    """An SQL identifier: attribute names such as `left`, `group` or `order` are keywords."""
    return f'"{name}"'


def link_of(resource: str, relation: str, to: To) -> Link | None:
    """How a to-many relation is stored; None when it is always empty."""
    inverse = _INVERSE.get((resource, relation))
    if inverse is not None:
        return Link(to.type, inverse, "id", join=False)
    mirrored = _MIRRORED.get((resource, relation))
    if mirrored is not None:
        return Link("_".join(mirrored), "target", "owner", join=True)
    if to.type in _NEVER or (relation == "activityNotes" and resource != "orders") or relation == "documents":
        return None
    return Link(f"{resource}_{relation}", "owner", "target", join=True)


def links_of(resource: str, shape: Shape) -> Mapping[str, Link | None]:
    """The storage of every to-many relation of a resource."""
    return MappingProxyType({name: link_of(resource, name, to) for name, to in shape.relationships.items() if to.many})


def _affinity(kind: Kind) -> str:
    # NUMERIC keeps 1.0 as the integer 1, as the store's documents do; money stays text.
    return {"integer": "INTEGER", "boolean": "INTEGER", "float": "NUMERIC"}.get(kind, "TEXT")


def _id_affinity(resource: str) -> str:
    return "TEXT" if resource in TEXT_IDS else "INTEGER"


# Columns that documents do not show in 6.1 but another version does, or that a rule needs.
_EXTRA_COLUMNS = {
    "orders": ('"uuid" TEXT', '"externalId" TEXT'),
    "customers": ('"externalId" TEXT',),
    "customerusers": ('"externalId" TEXT',),
    "users": ('"externalId" TEXT',),
    "brands": ('"externalId" TEXT',),
    "inventorylevels": ('"externalId" TEXT',),
    "orderlineitems": ('"draftDelete" INTEGER DEFAULT 0', '"freeFormTaxCode" INTEGER'),
}

_INDEXES = (
    'CREATE UNIQUE INDEX IF NOT EXISTS products_sku ON products ("sku")',
    'CREATE INDEX IF NOT EXISTS products_sku_folded ON products ("sku" COLLATE NOCASE)',
    'CREATE INDEX IF NOT EXISTS products_updated ON products ("updatedAt")',
    'CREATE INDEX IF NOT EXISTS products_category ON products ("category")',
    'CREATE UNIQUE INDEX IF NOT EXISTS orders_identifier ON orders ("identifier")',
    'CREATE INDEX IF NOT EXISTS orders_identifier_folded ON orders ("identifier" COLLATE NOCASE)',
    'CREATE INDEX IF NOT EXISTS orders_po_folded ON orders ("poNumber" COLLATE NOCASE)',
    'CREATE INDEX IF NOT EXISTS orders_updated ON orders ("updatedAt")',
    'CREATE INDEX IF NOT EXISTS orders_created ON orders ("createdAt")',
    'CREATE INDEX IF NOT EXISTS orders_customer ON orders ("customer")',
    'CREATE INDEX IF NOT EXISTS orders_customer_user ON orders ("customerUser")',
    'CREATE INDEX IF NOT EXISTS orders_parent ON orders ("parent")',
    'CREATE INDEX IF NOT EXISTS lines_updated ON orderlineitems ("updatedAt")',
    'CREATE INDEX IF NOT EXISTS lines_product ON orderlineitems ("product")',
    'CREATE INDEX IF NOT EXISTS prices_key ON productprices ("priceList", "product", "unit", "quantity", "currency")',
    'CREATE INDEX IF NOT EXISTS prices_product ON productprices ("product")',
    'CREATE INDEX IF NOT EXISTS levels_product ON inventorylevels ("product")',
    'CREATE INDEX IF NOT EXISTS levels_precision ON inventorylevels ("productUnitPrecision")',
    'CREATE INDEX IF NOT EXISTS links_product ON productvariantlinks ("product")',
    'CREATE INDEX IF NOT EXISTS customers_name ON customers ("name")',
    'CREATE INDEX IF NOT EXISTS customer_users_email ON customerusers ("email")',
)


def tables() -> Iterator[str]:
    """The CREATE TABLE of every stored resource and join table."""
    joins: set[str] = set()
    for resource, shape in SHAPES.items():
        if resource not in COMPUTED:
            columns = [f'"id" {_id_affinity(resource)} PRIMARY KEY']
            columns += [f"{quoted(name)} {_affinity(kind)}" for name, kind in shape.attributes.items()]
            columns += [
                f"{quoted(name)} {_id_affinity(to.type)}" for name, to in shape.relationships.items() if not to.many
            ]
            columns += _EXTRA_COLUMNS.get(resource, ())
            yield f"CREATE TABLE IF NOT EXISTS {quoted(resource)} ({', '.join(columns)})"
        for link in links_of(resource, shape).values():
            if link is not None and link.join and link.table not in joins:
                joins.add(link.table)
                yield (
                    f"CREATE TABLE IF NOT EXISTS {quoted(link.table)} "
                    '("owner" INTEGER NOT NULL, "target" INTEGER NOT NULL, PRIMARY KEY ("owner", "target")) WITHOUT ROWID'
                )


def indexes() -> Iterator[str]:
    """The indexes: what filters and sorts use, and the back side of every relation. Made after a bulk load."""
    yield from _INDEXES
    made: set[str] = set()
    for resource, shape in SHAPES.items():
        for link in links_of(resource, shape).values():
            if link is None or link.table in COMPUTED:
                continue
            column = "target" if link.join else link.own
            name = f"by_{link.table}_{column}"
            if name not in made:
                made.add(name)
                yield f"CREATE INDEX IF NOT EXISTS {quoted(name)} ON {quoted(link.table)} ({quoted(column)})"


# What an order's document shows as subtotals, in the store's order; recomputed on every read there, a view here.
_SUBTOTALS = """
CREATE VIEW IF NOT EXISTS ordersubtotals AS
SELECT o."id" || '-' || k.suffix AS "id", k.kind AS "orderSubtotalType", k.label AS "label",
  CASE k.position WHEN 0 THEN coalesce(o."subtotalValue", '0.0000') WHEN 1 THEN coalesce(o."totalDiscountsAmount", '0.0000')
    ELSE '0.0000' END AS "amount",
  CASE k.position WHEN 0 THEN coalesce(o."subtotalValue", '0.0000')
    WHEN 1 THEN iif(o."totalDiscountsAmount" IS NULL, '0.0000', '-' || o."totalDiscountsAmount") ELSE '0.0000' END AS "signedAmount",
  CASE k.position WHEN 4 THEN '' WHEN 5 THEN NULL ELSE o."currency" END AS "currency",
  CASE WHEN k.position = 0 THEN 1 WHEN k.position = 1 AND o."totalDiscountsAmount" IS NOT NULL THEN 1 ELSE 0 END AS "visible",
  CASE WHEN k.position < 4 THEN '[]' ELSE json_object('total', json_object('includingTax',
    rtrim(rtrim(o."subtotalValue", '0'), '.'), 'excludingTax', rtrim(rtrim(o."subtotalValue", '0'), '.'), 'taxAmount', '0', 'adjustment', '0', 'currency', o."currency"),
    'taxes', json_array()) END AS "data",
  o."id" AS "order", NULL AS "priceList", k.position AS "position"
FROM orders o CROSS JOIN (
  SELECT 0 AS position, 'subtotal-0' AS suffix, 'subtotal' AS kind, 'Subtotal' AS label
  UNION ALL SELECT 1, 'discount-1', 'discount', 'Discount'
  UNION ALL SELECT 2, 'shipping_cost-2', 'shipping_cost', 'Shipping'
  UNION ALL SELECT 3, 'discount-3', 'discount', 'Shipping Discount'
  UNION ALL SELECT 4, 'tax-4', 'tax', 'Subtotal Tax'
  UNION ALL SELECT 5, 'tax-5', 'tax', 'Shipping Tax'
  UNION ALL SELECT 6, 'tax-6', 'tax', 'Tax') k
"""


def connect(path: str) -> sqlite3.Connection:
    """Open a database file, or `:memory:`; the caller starts and ends transactions."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty store; `index` follows once the first rows are in."""
    for statement in tables():
        connection.execute(statement)
    connection.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    connection.execute(_SUBTOTALS)


def add_flags(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """Give products boolean attributes of the store's own."""
    known = {row[1] for row in connection.execute("PRAGMA table_info(products)")}
    for name in names:
        if name not in known:
            connection.execute(f"ALTER TABLE products ADD COLUMN {quoted(name)} INTEGER")


def index(connection: sqlite3.Connection) -> None:
    """Make the indexes and let SQLite look at the data once, so that it chooses well among them."""
    for statement in indexes():
        connection.execute(statement)
    connection.execute("PRAGMA analysis_limit = 1000")
    connection.execute("ANALYZE")
