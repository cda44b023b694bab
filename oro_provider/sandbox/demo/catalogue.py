"""The demo shop's goods: categories, brands, about 300 products with names, units, stock and prices, a few kits."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oro_provider.sandbox.demo.rows import amount, insert
from oro_provider.sandbox.demo.words import BRANDS, CATEGORIES, GRADES

if TYPE_CHECKING:
    import random
    import sqlite3
    from collections.abc import Iterator

PRODUCTS = 300
_SETTINGS = (
    "pageTemplate", "manageInventory", "highlightLowInventory", "inventoryThreshold", "lowInventoryThreshold",
    "minimumQuantityToOrder", "maximumQuantityToOrder", "decrementQuantity", "backOrder", "isUpcoming",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ware:
    """A product as an order line needs it."""

    id: int
    sku: str
    name: str
    unit: str
    cents: int


@dataclass(slots=True)
class _Ids:
    """Running numbers by table."""

    last: dict[str, int] = field(default_factory=dict)

    def next(self, table: str) -> int:
        self.last[table] = self.last.get(table, 0) + 1
        return self.last[table]


def fill_catalogue(connection: sqlite3.Connection, chance: random.Random, day: str) -> list[Ware]:
    """Fill the catalogue; the wares are what can be ordered."""
    ids = _Ids({"localizedfallbackvalues": 100, "entityfieldfallbackvalues": 0})
    leaves = _fill_categories(connection, ids, day)
    _fill_brands(connection, ids, day)
    _fill_price_lists(connection, day)
    wares = list(_fill_products(connection, chance, ids, leaves, day))
    _fill_kits(connection, ids, wares, day)
    related = [(n, wares[n].id, wares[n + 7].id) for n in range(1, 40)]
    insert(connection, "relatedproducts", "id product relatedItem", related)
    return wares


def _settings(ids: _Ids, values: list[tuple[object, ...]], fallback: str) -> list[int]:
    found = []
    for _ in _SETTINGS:
        found.append(ids.next("entityfieldfallbackvalues"))
        values.append((found[-1], fallback))
    return found


def _fill_categories(
    connection: sqlite3.Connection, ids: _Ids, day: str
) -> list[tuple[int, tuple[tuple[str, str], ...]]]:
    rows: list[tuple[object, ...]] = []
    titles: list[tuple[object, ...]] = []
    settings: list[tuple[object, ...]] = []
    leaves: list[tuple[int, tuple[tuple[str, str], ...]]] = []

    def add(title: str, parent: int | None, path: str, level: int) -> tuple[int, str]:
        number = ids.next("categories")
        here = f"{path}_{number}" if path else str(number)
        rows.append(
            (number, here, number, level, number, 1, day, day, parent, 1, *_settings(ids, settings, "systemConfig")[1:])
        )
        titles.append((ids.next("categorytitles"), title, number))
        return number, here

    root, root_path = add("All Products", None, "", 0)
    for title, below in CATEGORIES.items():
        middle, path = add(title, root, root_path, 1)
        for name, goods in below.items():
            leaf, _ = add(name, middle, path, 2)
            leaves.append((leaf, goods))
    columns = "id materializedPath left level right root createdAt updatedAt parentCategory organization " + " ".join(
        _SETTINGS[1:]
    )
    insert(connection, "categories", columns, rows)
    insert(connection, "categorytitles", "id string category", titles)
    insert(connection, "entityfieldfallbackvalues", "id fallback", settings)
    return leaves


def _fill_brands(connection: sqlite3.Connection, ids: _Ids, day: str) -> None:
    rows, names, links = [], [], []
    for number, name in enumerate(BRANDS, start=1):
        rows.append((number, "enabled", day, day, 1, 1))
        value = ids.next("localizedfallbackvalues")
        names.append((value, name))
        links.append((number, value))
    insert(connection, "brands", "id status createdAt updatedAt owner organization", rows)
    insert(connection, "localizedfallbackvalues", "id string", names)
    insert(connection, "brands_names", "owner target", links)


def _fill_price_lists(connection: sqlite3.Connection, day: str) -> None:
    lists = ("Default Price List", "Wholesale", "Partner Contract", "Summer Promotion")
    rows = [(n, 1, 1, 0, name, day, day, '["EUR", "USD"]', 1) for n, name in enumerate(lists, start=1)]
    columns = "id active actual containSchedule name createdAt updatedAt priceListCurrencies organization"
    insert(connection, "pricelists", columns, rows)


def _fill_products(
    connection: sqlite3.Connection,
    chance: random.Random,
    ids: _Ids,
    leaves: list[tuple[int, tuple[tuple[str, str], ...]]],
    day: str,
) -> Iterator[Ware]:
    rows: dict[str, list[tuple[object, ...]]] = {
        name: []
        for name in (
            "products", "names", "short", "long", "precisions", "levels", "prices", "settings", "slugs", "slug_links", "shipping",
        )
    }  # fmt: skip
    for number in range(1, PRODUCTS + 1):
        leaf, goods = leaves[number % len(leaves)]
        noun, german = goods[number % len(goods)]
        grade = GRADES[(number // len(leaves)) % len(GRADES)]
        brand = number % len(BRANDS) + 1
        name = f"{BRANDS[brand - 1]} {noun} {grade}"
        sku = f"{noun[:2].upper()}{chance.randrange(10, 100)}-{number:04d}"
        unit = "item" if number % 3 else "each"
        cents = chance.randrange(250, 40000)
        first = ids.next("precisions")
        _product_row(rows, ids, number, sku, leaf, brand, first, day, chance)
        _product_texts(rows, ids, number, name, f"{BRANDS[brand - 1]} {german} {grade}")
        _product_units(rows, ids, number, unit, first, chance)
        _product_prices(rows, chance, number, unit, cents)
        yield Ware(number, sku, name, unit, cents)
    _store_products(connection, rows)


def _product_row(
    rows: dict[str, list[tuple[object, ...]]],
    ids: _Ids,
    number: int,
    sku: str,
    leaf: int,
    brand: int,
    precision: int,
    day: str,
    chance: random.Random,
) -> None:
    status = "disabled" if number % 50 == 0 else "enabled"
    stock = "out_of_stock" if number % 17 == 0 else "in_stock"
    flags = (int(number % 20 == 0), int(number % 25 == 0))
    settings = _settings(ids, rows["settings"], "category")
    rows["products"].append((
        number, sku, status, "[]", day, day, "simple", *flags, 1, 1, precision, 1, brand, leaf, chance.choice((1, 1, 1, 2)),
        stock, *settings,
    ))  # fmt: skip


def _product_texts(rows: dict[str, list[tuple[object, ...]]], ids: _Ids, number: int, name: str, german: str) -> None:
    for localization, text, fallback in (
        (None, name, None),
        (1, None, "system"),
        (2, german, None),
        (3, None, "parent_localization"),
    ):
        rows["names"].append((ids.next("names"), text, fallback, number, localization))
    rows["short"].append((ids.next("short"), f"{name}, ready to ship.", number))
    text = f"<p>{name}</p>"
    long = {"value": text, "style": None, "properties": None, "valueRendered": text}
    rows["long"].append((ids.next("long"), json.dumps(long), number))
    slug = ids.next("localizedfallbackvalues")
    rows["slugs"].append((slug, re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")))
    rows["slug_links"].append((number, slug))


def _product_units(
    rows: dict[str, list[tuple[object, ...]]], ids: _Ids, number: int, unit: str, first: int, chance: random.Random
) -> None:
    precisions = [(first, unit, 1)]
    if number % 4 == 0:
        precisions.append((ids.next("precisions"), "box", 12))
    for precision, code, rate in precisions:
        rows["precisions"].append((precision, 0, rate, 1, number, code))
        rows["levels"].append((ids.next("levels"), str(chance.randrange(0, 900)), number, precision, 1))
    if number % 10 == 0:
        weight = chance.randrange(1, 40)
        rows["shipping"].append((ids.next("shipping"), weight, 30, 20, 10, number, unit, "kg", "cm", "parcel"))


def _product_prices(
    rows: dict[str, list[tuple[object, ...]]], chance: random.Random, number: int, unit: str, cents: int
) -> None:
    steps = [(1, 1, cents, "USD"), (1, 10, cents * 95 // 100, "USD"), (1, 1, cents * 92 // 100, "EUR")]
    if number % 2:
        steps.append((2, 1, cents * 85 // 100, "USD"))
    if number % 5 == 0:
        steps.append((3, 1, cents * 80 // 100, "USD"))
    for price_list, quantity, value, currency in steps:
        identifier = f"{uuid.UUID(int=chance.getrandbits(128), version=4)}-{price_list}"
        rows["prices"].append((identifier, quantity, amount(value), currency, price_list, number, unit))


def _store_products(connection: sqlite3.Connection, rows: dict[str, list[tuple[object, ...]]]) -> None:
    columns = (
        "id sku status variantFields createdAt updatedAt productType featured newArrival owner organization "
        "primaryUnitPrecision attributeFamily brand category taxCode inventory_status " + " ".join(_SETTINGS)
    )
    insert(connection, "products", columns, rows["products"])
    insert(connection, "productnames", "id string fallback product localization", rows["names"])
    insert(connection, "productshortdescriptions", "id text product", rows["short"])
    insert(connection, "productdescriptions", "id wysiwyg product", rows["long"])
    columns = "id precision conversionRate sell product unit"
    insert(connection, "productunitprecisions", columns, rows["precisions"])
    insert(connection, "inventorylevels", "id quantity product productUnitPrecision organization", rows["levels"])
    insert(connection, "productprices", "id quantity value currency priceList product unit", rows["prices"])
    insert(connection, "entityfieldfallbackvalues", "id fallback", rows["settings"])
    insert(connection, "localizedfallbackvalues", "id string", rows["slugs"])
    insert(connection, "products_slugPrototypes", "owner target", rows["slug_links"])
    columns = "id weightValue dimensionsLength dimensionsWidth dimensionsHeight product productUnit weightUnit dimensionsUnit freightClass"
    insert(connection, "productshippingoptions", columns, rows["shipping"])


def _fill_kits(connection: sqlite3.Connection, ids: _Ids, wares: list[Ware], day: str) -> None:
    kits: list[tuple[object, ...]] = []
    settings: list[tuple[object, ...]] = []
    items, labels, parts, precisions, names = [], [], [], [], []
    for number in range(1, 4):
        product = PRODUCTS + number
        precision = ids.next("precisions")
        values = _settings(ids, settings, "category")
        kits.append(
            (
                product,
                f"KIT-{number:03d}",
                "enabled",
                "[]",
                day,
                day,
                "kit",
                0,
                0,
                1,
                1,
                precision,
                1,
                "in_stock",
                *values,
            )
        )
        precisions.append((precision, 0, 1, 1, product, "each"))
        names.append((ids.next("names"), f"Starter Kit {number}", product))
        for place in range(2):
            item = ids.next("items")
            items.append((item, place, 0, 1, 5, day, day, product, "item"))
            labels.append((ids.next("labels"), f"Part {place + 1}", item))
            for step in range(2):
                ware = wares[number * 10 + place * 3 + step]
                parts.append((ids.next("parts"), step, item, ware.id))
    columns = (
        "id sku status variantFields createdAt updatedAt productType featured newArrival owner organization "
        "primaryUnitPrecision attributeFamily inventory_status " + " ".join(_SETTINGS)
    )
    insert(connection, "products", columns, kits)
    insert(connection, "productunitprecisions", "id precision conversionRate sell product unit", precisions)
    insert(connection, "productnames", "id string product", names)
    columns = "id sortOrder optional minimumQuantity maximumQuantity createdAt updatedAt productKit productUnit"
    insert(connection, "productkititems", columns, items)
    insert(connection, "productkititemlabels", "id string kitItem", labels)
    insert(connection, "productkititemproducts", "id sortOrder kitItem product", parts)
    insert(connection, "entityfieldfallbackvalues", "id fallback", settings)
    connection.execute(
        'UPDATE productkititemproducts SET "productUnitPrecision" = '
        '(SELECT p."primaryUnitPrecision" FROM products p WHERE p."id" = "product")'
    )
