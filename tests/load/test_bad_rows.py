"""Bad rows of twenty kinds among good ones: the good ones are in the store, each bad one names its field and what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.loading import counts, run_load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.load.conftest import LoadStore

Row = dict[str, Any]
GOOD = 380

# What is wrong, the row, the field that is named, and words of the reason: ours before anything is sent, else the store's.
PRODUCTS: list[tuple[str, Row, str | None, str]] = [
    ("no SKU", {"name": "x", "unit": "each"}, "sku", "missing"),
    ("a SKU with a comma", {"sku": "B,1", "name": "x", "unit": "each"}, "sku", "comma"),
    ("a SKU of wrong letters", {"sku": "B 1!", "name": "x", "unit": "each"}, "sku", "latin letters"),
    ("a SKU too short", {"sku": "B", "name": "x", "unit": "each"}, "sku", "too short"),
    ("an unknown unit", {"sku": "BAD-U", "name": "x", "unit": "barrel"}, "unit", "no productunits 'barrel'"),
    ("no name", {"sku": "BAD-N", "unit": "each"}, "name", "blank"),
    ("a blank name", {"sku": "BAD-B", "name": " ", "unit": "each"}, "name", "is empty"),
    ("no unit", {"sku": "BAD-P", "name": "x"}, "unit", "blank"),
    ("a name too long", {"sku": "BAD-L", "name": "x" * 300, "unit": "each"}, "name", "too long"),
    ("an unknown brand", {"sku": "BAD-R", "name": "x", "unit": "each", "brand": "Nobody"}, "brand", "no brands"),
    ("an unknown tax code", {"sku": "BAD-T", "name": "x", "unit": "each", "tax_code": "?"}, "tax_code", "no producttaxcodes"),
    ("an unknown category", {"sku": "BAD-C", "name": "x", "unit": "each", "category": "A / B"}, "category", "no categories"),
    ("an unknown status", {"sku": "BAD-S", "name": "x", "unit": "each", "status": "maybe"}, "status", "not a valid choice"),
    ("a word for a switch", {"sku": "BAD-W", "name": "x", "unit": "each", "featured": "maybe"}, "featured", "true or false"),
    ("an unknown field", {"sku": "BAD-F", "name": "x", "unit": "each", "colour": "red"}, None, "extra fields"),
    ("an unknown language", {"sku": "BAD-I", "name": "x", "unit": "each", "name.xx": "x"}, "name.xx", "no localizations 'xx'"),
    ("a repeated SKU in other letters", {"sku": "good-0000", "name": "x", "unit": "each"}, "sku", "repeats the sku of row 1"),
    ("an unknown variant", {"sku": "BAD-V", "name": "x", "unit": "each", "variants": ["zzz"]}, "variants.product", "no products"),
    ("a kit without items", {"sku": "BAD-K", "name": "x", "unit": "each", "product_type": "kit"}, "kit_items", "at least one"),
    ("a text for a list", {"sku": "BAD-X", "name": "x", "unit": "each", "kit_items": "A"}, "kit_items", "should be a list"),
]  # fmt: skip


def test_bad_rows_of_twenty_kinds(store: LoadStore, tmp_path: Path) -> None:
    good = [{"sku": f"GOOD-{n:04}", "name": f"Good {n}", "unit": "each"} for n in range(GOOD)]
    rows = [*good[:1], *(row for _, row, _, _ in PRODUCTS), *good[1:]]
    outcome, rejects = run_load(store, "products", rows, rejects=tmp_path / "rejects.jsonl")
    by_row = {reject.row: reject for reject in rejects}
    found = [
        (kind, by_row[number].field, words in by_row[number].reason)
        for number, (kind, _, _, words) in enumerate(PRODUCTS, start=2)
    ]
    assert found == [(kind, field, True) for kind, _, field, _ in PRODUCTS]
    assert counts(outcome) == (GOOD, 0, 0, len(PRODUCTS))
    assert store.count("products", "sku LIKE 'GOOD-%'") == GOOD
    lines = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    lines.sort(key=lambda line: line["row"])  # rows that wait for others come last
    assert [line["values"] for line in lines] == [row for _, row, _, _ in PRODUCTS]


OTHERS: list[tuple[str, str, Row, str | None, str]] = [
    ("a missing price list", "productprices",
     {"price_list": "Nowhere", "product": "GOOD-0000", "unit": "each", "currency": "USD", "value": "1"}, "price_list", "no pricelists"),
    ("a unit that the product has not", "productprices",
     {"price_list": "Bad rows", "product": "GOOD-0000", "unit": "kg", "currency": "USD", "value": "1"}, "unit", "not allowed"),
    ("a currency that the list has not", "productprices",
     {"price_list": "Bad rows", "product": "GOOD-0000", "unit": "each", "currency": "GBP", "value": "1"}, "currency", "not valid"),
    ("a negative price", "productprices",
     {"price_list": "Bad rows", "product": "GOOD-0000", "unit": "each", "currency": "USD", "value": "-1"}, "value", "0 or more"),
    ("a bad e-mail", "customerusers",
     {"email": "nobody", "first_name": "A", "last_name": "B", "customer": "Bad rows"}, "email", "not a valid email"),
    ("no last name", "customerusers",
     {"email": "a@b.example", "first_name": "A", "customer": "Bad rows"}, "last_name", "blank"),
    ("a region of another country", "customeraddresses",
     {"customer": "Bad rows", "street": "1", "city": "C", "postal_code": "1", "country": "US", "region": "Bavaria",
      "organization": "x"}, "region", "no regions 'US / Bavaria'"),
    ("no region", "customeraddresses",
     {"customer": "Bad rows", "street": "1", "city": "C", "postal_code": "1", "country": "US", "organization": "x"},
     "region", "State is required"),
    ("a tracking number too long", "ordershippingtrackings",
     {"order": "x", "method": "UPS", "number": "1" * 300}, "number", "300 characters"),
    ("no currency of a price list", "pricelists", {"name": "Bad rows 2"}, None, "1 element or more"),
]  # fmt: skip


def test_bad_rows_of_other_entities(store: LoadStore) -> None:
    run_load(store, "products", [{"sku": "GOOD-0000", "name": "Good", "unit": "each"}])
    run_load(store, "pricelists", [{"name": "Bad rows", "currencies": ["USD"]}])
    run_load(store, "customers", [{"name": "Bad rows"}])
    for kind, entity, row, field, words in OTHERS:
        outcome, rejects = run_load(store, entity, [row])
        assert counts(outcome) == (0, 0, 0, 1), kind
        assert (kind, rejects[0].field) == (kind, field)
        assert words in rejects[0].reason, (kind, rejects[0].reason)


def test_the_last_of_repeated_rows_wins_where_that_is_asked_for(store: LoadStore) -> None:
    rows = [{"sku": "LAST-1", "name": name, "unit": "each"} for name in ("One", "Two")]
    outcome, rejects = run_load(store, "products", rows, repeated="last")
    assert (counts(outcome), rejects) == ((1, 0, 1, 0), [])
    found = store.sandbox.execute(
        "SELECT n.string FROM productnames n JOIN products p ON p.id = n.product WHERE p.sku = 'LAST-1' "
        "AND n.localization IS NULL"
    )
    assert found == [("Two",)]
