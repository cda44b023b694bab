"""Products and what hangs from them: names for every localization, units with their stock, kits and variants."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.drafts import BLANK, Draft, row_of
from oro_provider.sandbox.errors import denied
from oro_provider.sandbox.rules.hooks import Rules
from oro_provider.sandbox.rules.localized import add_texts, reserve_texts
from oro_provider.sandbox.rules.variants import check_configurable, check_link

if TYPE_CHECKING:
    from oro_provider.sandbox.writing import Writer

_SKU = re.compile(r"^[a-zA-Z0-9\-_]*$")
_ONE_OR_MORE = "This collection should contain 1 element or more."
_NO_NAME = "Product default name is blank"
_CHOICE = "The value you selected is not a valid choice."
_SETTINGS = (
    ("pageTemplate", "systemConfig"), ("manageInventory", "category"), ("highlightLowInventory", "category"),
    ("inventoryThreshold", "category"), ("lowInventoryThreshold", "category"), ("minimumQuantityToOrder", "category"),
    ("maximumQuantityToOrder", "category"), ("decrementQuantity", "category"), ("backOrder", "category"),
    ("isUpcoming", "category"),
)  # fmt: skip


def _adopt_product(draft: Draft) -> None:
    primary = draft.values.get("primaryUnitPrecision")
    if isinstance(primary, Draft):
        primary.values["product"] = draft
        listed = draft.many.setdefault("unitPrecisions", []) if not draft.update else draft.many.get("unitPrecisions")
        if listed is not None and primary not in listed:
            listed.insert(0, primary)


def _check_product(writer: Writer, draft: Draft) -> None:
    _check_sku(writer, draft)
    choices = {"productType": {"simple", "configurable", "kit"}, "status": {"enabled", "disabled"}}
    for name, allowed in choices.items():
        if draft.values.get(name) is not None and draft.values[name] not in allowed:
            draft.complain("choice constraint", _CHOICE, f"attributes/{name}")
    for name in ("attributeFamily", "inventory_status"):
        if draft.blank(name) and name not in draft.failed and (not draft.update or name in draft.values):
            draft.complain("not blank constraint", BLANK, f"relationships/{name}")
    _check_names(writer, draft)
    _check_units(draft)
    if draft.get("productType") == "kit":
        _check_kit(draft)
    if draft.get("productType") == "configurable":
        check_configurable(writer, draft)


def _check_sku(writer: Writer, draft: Draft) -> None:
    if draft.update and "sku" not in draft.values:
        return
    sku = draft.get("sku")
    if sku in (None, ""):
        draft.complain("not blank constraint", "SKU should not be blank.", "attributes/sku")
        return
    if len(sku) < 3:
        detail = "This value is too short. It should have 3 characters or more."
        draft.complain("length constraint", detail, "attributes/sku")
    if not _SKU.match(sku):
        detail = 'This value should contain only latin letters, numbers and symbols "-" or "_".'
        draft.complain("sku regex constraint", detail, "attributes/sku")
    statement = 'SELECT 1 FROM products WHERE "sku" = ? COLLATE NOCASE AND "id" IS NOT ?'
    if writer.connection.execute(statement, (sku, draft.id)).fetchone():
        draft.complain("unique entity constraint", "This value is already used.", "attributes/sku")


def _check_names(writer: Writer, draft: Draft) -> None:
    if draft.update and "names" not in draft.many:
        return
    names = draft.many.get("names", [])
    default = False
    for name in names:
        row = name if isinstance(name, Draft) else row_of(writer.connection, "productnames", name) or {}
        default = default or (row.get("localization") is None and row.get("string") not in (None, ""))
    if not default:
        title = "not blank default localized fallback value constraint"
        draft.complain(title, _NO_NAME, "relationships/names")
    if not names:
        draft.complain("count constraint", _ONE_OR_MORE, "relationships/names")


def _check_units(draft: Draft) -> None:
    if draft.update:
        return
    units = draft.many.get("unitPrecisions", [])
    primary = draft.get("primaryUnitPrecision")
    broken = isinstance(primary, Draft) and primary.blank("unit")
    if (primary is None and not units) or broken:
        draft.problems.insert(0, _blank_unit(draft))


def _blank_unit(draft: Draft) -> Any:
    from oro_provider.sandbox.errors import Problem

    return Problem(400, "not blank constraint", BLANK, f"{draft.pointer}/relationships/primaryUnitPrecision/data")


def _check_kit(draft: Draft) -> None:
    if not draft.update and not draft.many.get("kitItems"):
        title = "not empty product kit items collection constraint"
        detail = "Product kit should have at least one kit item fully specified."
        draft.complain(title, detail, "relationships/kitItems")


def _before_product(writer: Writer, draft: Draft) -> None:
    if draft.update:
        return
    for name, fallback in _SETTINGS if writer.catalog.facts.settings_made else ():
        if draft.blank(name):
            draft.values[name] = writer.numbers.new("entityfieldfallbackvalues")
            writer.connection.execute(
                'INSERT INTO entityfieldfallbackvalues ("id", "fallback") VALUES (?, ?)', (draft.values[name], fallback)
            )
    if draft.get("productType") == "kit":
        draft.values.setdefault("kitShippingCalculationMethod", "kit_shipping_all")
    if draft.get("primaryUnitPrecision") is None and draft.many.get("unitPrecisions"):
        draft.values["primaryUnitPrecision"] = draft.many["unitPrecisions"][0]


def _after_product(writer: Writer, draft: Draft, now: str) -> None:
    if not draft.update:
        add_texts(writer, draft, _slug(default_name(writer, draft.id)))


def _slug(name: str | None) -> str:
    return re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).strip("-")


def default_name(writer: Writer, product: Any) -> str | None:
    """A product's name without a localization."""
    found = writer.connection.execute(
        'SELECT "string" FROM productnames WHERE "product" = ? AND "localization" IS NULL', (product,)
    ).fetchone()
    return found[0] if found else None


def _removed_product(writer: Writer, product: Any) -> None:
    # Prices and stock vanish with the product; an order line keeps SKU and name, but loses its product.
    for table in ("productprices", "inventorylevels", "productshippingoptions"):
        writer.connection.execute(f'DELETE FROM {table} WHERE "product" = ?', (product,))
    writer.connection.execute(
        'DELETE FROM relatedproducts WHERE "product" = ? OR "relatedItem" = ?', (product, product)
    )
    writer.connection.execute('DELETE FROM productvariantlinks WHERE "product" = ?', (product,))
    writer.connection.execute('UPDATE orderlineitems SET "product" = NULL WHERE "product" = ?', (product,))


def _after_unit(writer: Writer, draft: Draft, now: str) -> None:
    if draft.update:
        return
    writer.connection.execute(
        'INSERT INTO inventorylevels ("id", "quantity", "product", "productUnitPrecision", "organization") '
        "VALUES (?, '0', ?, ?, 1)",
        (writer.numbers.new("inventorylevels"), draft.current.get("product"), draft.id),
    )


def _removed_unit(writer: Writer, precision: Any) -> None:
    # Removing a unit deletes money: its prices and its stock go with it.
    found = row_of(writer.connection, "productunitprecisions", precision)
    if found is not None:
        writer.connection.execute(
            'DELETE FROM productprices WHERE "product" = ? AND "unit" = ?', (found["product"], found["unit"])
        )
    writer.connection.execute('DELETE FROM inventorylevels WHERE "productUnitPrecision" = ?', (precision,))


def _forbid_unit(writer: Writer, row: dict[str, Any]) -> str | None:
    primary = writer.connection.execute(
        'SELECT 1 FROM products WHERE "primaryUnitPrecision" = ?', (row["id"],)
    ).fetchone()
    return "primary precision." if primary else None


def _after_name(writer: Writer, draft: Draft, now: str) -> None:
    # The default name is part of the product's own row, so it moves its updatedAt; localized names do not.
    if draft.update and "string" in draft.values and draft.current.get("localization") is None:
        writer.set("products", draft.current["product"], {"updatedAt": now})


def _after_brand(writer: Writer, draft: Draft, now: str) -> None:
    if draft.update:
        return
    name = writer.connection.execute(
        'SELECT n."string" FROM brands_names j JOIN localizedfallbackvalues n ON n."id" = j."target" '
        'WHERE j."owner" = ? AND n."localization" IS NULL',
        (draft.id,),
    ).fetchone()
    add_texts(writer, draft, _slug(name[0] if name else None))


def _alone(what: str) -> Any:
    def check(writer: Writer, draft: Draft) -> None:
        if not draft.update and draft.pointer == "/data":
            detail = f"Use API resource to create a product kit item. A {what} can be created only together with a product kit item."
            raise denied(detail)
        if what == "product kit item product":
            product = draft.get("product")
            found = row_of(writer.connection, "products", product) if isinstance(product, int) else None
            if found is not None and not draft.update:
                precision = found["primaryUnitPrecision"]
                draft.values.setdefault("productUnitPrecision", precision)

    return check


def _check_kit_item(writer: Writer, draft: Draft) -> None:
    if draft.update and "kitItemProducts" not in draft.many:
        return
    products = draft.many.get("kitItemProducts", [])
    if not products:
        detail = "Each kit option should have at least one product specified."
        draft.complain("count constraint", detail, "relationships/kitItemProducts")
    for one in products:
        product = one.get("product") if isinstance(one, Draft) else None
        found = row_of(writer.connection, "products", product) if isinstance(product, int) else None
        if found is not None and found["productType"] != "simple":
            title = "only simple products in product kit item products collection constraint"
            detail = "Only simple product can be used in kit options."
            draft.complain(title, detail, "relationships/kitItemProducts")


def _after_kit_item(writer: Writer, draft: Draft, now: str) -> None:
    if not draft.update:
        add_texts(writer, draft)


def _forbid_kit_item(writer: Writer, row: dict[str, Any]) -> str | None:
    others = writer.connection.execute(
        'SELECT count(*) FROM productkititems WHERE "productKit" = ?', (row["productKit"],)
    )
    if others.fetchone()[0] > 1:
        return None
    label = writer.connection.execute(
        'SELECT "string" FROM productkititemlabels WHERE "kitItem" = ? AND "localization" IS NULL', (row["id"],)
    ).fetchone()
    kit = row_of(writer.connection, "products", row["productKit"]) or {}
    shown = label[0] if label else row["id"]
    return f"Kit item {shown} cannot be deleted because it is the last one in the product kit {kit.get('sku')}."


RULES = {
    "products": Rules(
        adopt=_adopt_product,
        reserve=reserve_texts,
        check=_check_product,
        before=_before_product,
        after=_after_product,
        removed=_removed_product,
    ),
    "brands": Rules(reserve=reserve_texts, after=_after_brand),
    "productunitprecisions": Rules(after=_after_unit, removed=_removed_unit, forbid=_forbid_unit),
    "productnames": Rules(after=_after_name),
    "productvariantlinks": Rules(check=check_link),
    "productkititems": Rules(
        reserve=reserve_texts, check=_check_kit_item, after=_after_kit_item, forbid=_forbid_kit_item
    ),
    "productkititemproducts": Rules(check=_alone("product kit item product")),
    "productkititemlabels": Rules(check=_alone("product kit item label")),
}
