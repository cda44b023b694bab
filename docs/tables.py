"""Writes the generated parts of the pages in `GENERATED`: `python docs/tables.py`, from the checkout's root.

A test compares them with what stands there, so they cannot be out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oro_provider.api.errors import OroCommerceError
from oro_provider.capabilities import AIRFLOWS, CAPABILITIES, STORE_DIFFERENCES, STORES
from oro_provider.entities import ENTITIES
from oro_provider.entities.lookups import LOOKUPS
from oro_provider.entities.model import ByFilter, Dictionary, LocalizedDictionary, Tree, files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oro_provider.entities.model import Described, Lookup

DOCS = Path(__file__).resolve().parent
LOADING = "tests/integration/test_load_entities.py"
OPERATORS = "tests/integration/test_load_operators.py"
LOOKING = "tests/load/test_lookups.py"
READING = "tests/integration/test_extract.py"

GET = "OroCommerceGetOperator"
UPSERT = {
    "products": "OroCommerceUpsertProductsOperator",
    "productprices": "OroCommerceUpsertProductPricesOperator",
    "customers": "OroCommerceUpsertCustomersOperator",
    "customerusers": "OroCommerceUpsertCustomerUsersOperator",
    "customergroups": "OroCommerceUpsertCustomerGroupsOperator",
    "addresses": "OroCommerceUpsertAddressesOperator",
    "pricelists": "OroCommerceUpsertPriceListsOperator",
    "pricelisttocustomergroups": "OroCommerceUpsertPriceListCustomerGroupsOperator",
    "trackings": "OroCommerceUpsertShippingTrackingsOperator",
}
EXTRACT = "OroCommerceExtractOrdersOperator"

PRODUCT = ("test_products_with_texts_units_and_settings", LOADING)
KIT = ("test_kits_and_their_products_in_one_load_in_any_order", LOADING)
ONE = ("test_one_record_and_what_hangs_from_it", OPERATORS)
EACH = ("test_one_record_of_every_resource", OPERATORS)
PRICES = ("test_price_lists_and_their_prices", LOADING)
CUSTOMERS = ("test_customers_with_groups_parents_users_and_addresses", LOADING)
GROUP_LISTS = ("test_price_lists_of_groups_and_of_customers", LOADING)
NAMES = ("test_every_lookup_answers", LOOKING)
ORDERS = ("test_lines_and_addresses_are_nested", READING)
TRACKINGS = ("test_trackings_are_pushed_once_however_often_they_are_pushed", "tests/integration/test_load.py")

# Number, call, what covers it, and the test that proves it.
COVERAGE: tuple[tuple[str, str, str, tuple[str, str]], ...] = (
    ("P1", "GET products/{id}", GET, ONE),
    ("P2", "POST products", UPSERT["products"], PRODUCT),
    ("P3", "PATCH products/{id}", UPSERT["products"], PRODUCT),
    ("P4", "DELETE products/{id}", "OroCommerceDeleteProductsOperator", ("test_products_are_switched_off_unless_they_are_to_be_deleted", OPERATORS)),
    ("P5", "GET productvariantlinks/{id}/product", GET, ONE),
    ("P6", "GET products/{id}/kitItems", UPSERT["products"], KIT),
    ("P7", "GET productkititems/{id}/kitItemProducts", UPSERT["products"], KIT),
    ("P8", "GET productkititems/{id}/labels", UPSERT["products"], KIT),
    ("P9", "GET products/{id}/primaryUnitPrecision", GET, ONE),
    ("P10", "GET products/{id}/unitPrecisions", GET, ONE),
    ("P11", "GET products/{id}/productShippingOptions", "OroCommerceUpsertOperator", ("test_dictionaries_and_what_hangs_from_products", LOADING)),
    ("P12", "GET productunitprecisions by id and product", UPSERT["products"], PRODUCT),
    ("PP1", "GET productprices/{id}", GET, EACH),
    ("PP2", "GET productprices by price list, product, unit", UPSERT["productprices"], PRICES),
    ("PP3", "POST productprices", UPSERT["productprices"], PRICES),
    ("PP4", "PATCH productprices/{id}", UPSERT["productprices"], PRICES),
    ("PP5", "DELETE productprices/{id}", "OroCommerceDeleteProductPricesOperator", ("test_prices_are_deleted_by_their_key_and_no_others", OPERATORS)),
    ("C1", "GET customers/{id}", GET, EACH),
    ("C2", "GET customers by name", UPSERT["customers"], CUSTOMERS),
    ("C3", "POST customers", UPSERT["customers"], CUSTOMERS),
    ("C4", "PATCH customers/{id}", UPSERT["customers"], CUSTOMERS),
    ("C5", "GET customers/{id}/addresses", UPSERT["addresses"], CUSTOMERS),
    ("CU1", "GET customerusers/{id}", GET, EACH),
    ("CU2", "GET customerusers by e-mail", UPSERT["customerusers"], CUSTOMERS),
    ("CU3", "GET customerusers/{id}, the e-mail only", GET, EACH),
    ("CU4", "POST customerusers", UPSERT["customerusers"], CUSTOMERS),
    ("CU5", "PATCH customerusers/{id}", UPSERT["customerusers"], CUSTOMERS),
    ("CU6", "GET customerusers/{id}/addresses", UPSERT["addresses"], CUSTOMERS),
    ("CG1", "GET customergroups/{id}", GET, EACH),
    ("CG2", "GET customergroups by name", UPSERT["customergroups"], CUSTOMERS),
    ("CG3", "POST customergroups", UPSERT["customergroups"], CUSTOMERS),
    ("CG4", "PATCH customergroups/{id}", UPSERT["customergroups"], CUSTOMERS),
    ("A1", "GET an address", GET, EACH),
    ("A2", "GET addresses by owner", UPSERT["addresses"], ("test_addresses_go_to_the_resource_of_their_owner", OPERATORS)),
    ("A3", "POST an address", UPSERT["addresses"], CUSTOMERS),
    ("A4", "PATCH an address", UPSERT["addresses"], CUSTOMERS),
    ("PL1", "GET pricelists/{id}", GET, EACH),
    ("PL2", "GET pricelists, all", UPSERT["pricelists"], PRICES),
    ("PL3", "GET pricelists by name", UPSERT["pricelists"], PRICES),
    ("PL4", "POST pricelists", UPSERT["pricelists"], PRICES),
    ("PL5", "PATCH pricelists/{id}", UPSERT["pricelists"], PRICES),
    ("PG1", "GET pricelisttocustomergroups/{id}", GET, EACH),
    ("PG2", "GET pricelisttocustomergroups by group and list", UPSERT["pricelisttocustomergroups"], GROUP_LISTS),
    ("PG3", "POST pricelisttocustomergroups", UPSERT["pricelisttocustomergroups"], GROUP_LISTS),
    ("PG4", "PATCH pricelisttocustomergroups/{id}", UPSERT["pricelisttocustomergroups"], GROUP_LISTS),
    ("O1", "GET an order with its addresses", EXTRACT, ORDERS),
    ("O2", "GET orders changed since", EXTRACT, ("test_a_window_holds_exactly_the_orders_that_were_changed_in_it", READING)),
    ("O3", "GET orderlineitems of an order", EXTRACT, ORDERS),
    ("O4", "GET ordersubtotals of an order", EXTRACT, ("test_subtotals_come_when_they_are_asked_for", READING)),
    ("T1", "GET ordershippingtrackings/{id}", GET, EACH),
    ("T2", "GET ordershippingtrackings", UPSERT["trackings"], TRACKINGS),
    ("T3", "POST ordershippingtrackings", UPSERT["trackings"], TRACKINGS),
    ("T4", "PATCH ordershippingtrackings/{id}", "OroCommerceRequestOperator", ("test_a_tracking_is_corrected_by_a_request", OPERATORS)),
    ("L1", "organizations by name", "ORGANIZATIONS", NAMES),
    ("L2", "users by user name", "USERS", NAMES),
    ("L3", "businessunits by name", "BUSINESS_UNITS", NAMES),
    ("L4", "customeruserroles by label", "CUSTOMER_USER_ROLES", NAMES),
    ("L5", "customertaxcodes by code", "CUSTOMER_TAX_CODES", NAMES),
    ("L6", "producttaxcodes by code", "PRODUCT_TAX_CODES", NAMES),
    ("L7", "paymentterms by label", "PAYMENT_TERMS", NAMES),
    ("L8", "attributefamilies by code", "ATTRIBUTE_FAMILIES", NAMES),
    ("L9", "productunits by code", "PRODUCT_UNITS", NAMES),
    ("L10", "lengthunits by code", "LENGTH_UNITS", NAMES),
    ("L11", "weightunits by code", "WEIGHT_UNITS", NAMES),
    ("L12", "categories by path or title", "CATEGORIES", NAMES),
    ("L13", "titles of a category", "CATEGORIES", NAMES),
    ("L14", "brands by name", "BRANDS", NAMES),
    ("L15", "names of a brand", "BRANDS", NAMES),
    ("L16", "products by SKU", "PRODUCTS_BY_SKU", ("test_ten_thousand_skus_are_a_few_requests", LOOKING)),
    ("L17", "countries by name or code", "COUNTRIES", NAMES),
    ("L18", "regions by name within a country", "REGIONS", ("test_a_region_is_named_within_its_country", LOOKING)),
    ("L19", "websites by name (Enterprise)", "WEBSITES", ("test_websites_are_said_to_be_of_the_enterprise_edition", LOADING)),
    ("L20", "entitystructures/{name}", GET, ("test_what_the_store_says_of_an_entity", OPERATORS)),
    ("L21", "a relationship of any record", GET, ONE),
    ("L22", "a relationship of a product", GET, ONE),
    ("L23", "the options of an attribute", "OroCommerceRequestOperator", ("test_any_other_request", OPERATORS)),
)  # fmt: skip


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(' --- ' for _ in head)}|"]
    lines += [f"| {' | '.join(cell.replace('|', '/') or '-' for cell in row)} |" for row in rows]
    return "\n".join(lines)


def code(names: Iterable[str]) -> str:
    """Return names as Markdown code."""
    return ", ".join(f"`{name}`" for name in names)


def entities() -> str:
    """Return the table of entities."""
    found_by = {"filter": "a list of keys", "scan": "all keys, read once", "owner": "the records of each owner"}
    rows = [
        (
            f"`{entity.type}`",
            code(entity.key) + "".join(f"; or {code(key)}" for key in entity.keys),
            found_by[entity.find.by] if entity.find else "-",
            "batch" if entity.batch else "single calls",
            "the store" if entity.enforced else "one task at a time",
        )
        for entity in sorted(ENTITIES.values(), key=lambda one: one.type)
    ]
    return table(("Entity", "Business key", "Found again by", "Written by", "No duplicates because of"), rows)


def fields() -> str:
    """Return a table of row fields for each entity."""
    parts = []
    for entity in sorted(ENTITIES.values(), key=lambda one: one.type):
        rows = list(_fields(entity))
        parts.append(f"### `{entity.type}`\n\n{table(('Field', 'Means', 'Named by'), rows)}")
    return "\n\n".join(parts)


def _fields(described: Described, prefix: str = "") -> Iterable[tuple[str, str, str]]:
    shown = {described.attribute(name) for name in described.attributes}
    aliases = {target: name for name, target in described.attributes.items()}
    composed = getattr(described, "composed", ())
    for attribute, kind in described.shape.attributes.items():
        name = aliases.get(attribute, attribute)
        if name in composed or (attribute in {"createdAt", "updatedAt"} and attribute not in shown):
            continue
        yield f"`{prefix}{name}`", f"attribute `{attribute}` ({kind})", "-"
    for name in sorted(composed):
        yield f"`{prefix}{name}`", "put together with others", "-"
    for name, reference in described.references.items():
        many = "several: " if reference.many else ""
        yield f"`{prefix}{name}`", f"{many}`{reference.relationship}`", _named_by(reference.lookup, reference.scope)
    for name, text in described.texts.items():
        yield f"`{prefix}{name}`, `{prefix}{name}.<language>`", f"text in `{text.relationship}`", "-"
    for name, file in files_of(described).items():
        yield (
            f"`{prefix}{name}`",
            f"path of a file for `{file.relationship}`, as a worker reads it (`{file.media}*`)",
            "-",
        )
        yield f"`{prefix}{file.name}`", "what the file is called, where it is not as its path ends", "-"
    for name, relationship in described.settings.items():
        yield (
            f"`{prefix}{name}`",
            f"setting `{relationship}`: a value, or where it is taken from (`systemConfig`, `category`)",
            "-",
        )
    for name, part in described.parts.items():
        if part.first:
            yield f"`{prefix}{part.first[0]}`", f"`{part.first[1]}`, the leading one of `{name}`", "-"
        what = "the whole list of" if part.whole else "some of" if part.many else "the"
        yield (
            f"`{prefix}{name}`",
            f"{what} `{part.relationship}`, told apart by {code(part.key)}"
            if part.key
            else f"{what} `{part.relationship}`",
            "-",
        )
        yield from _fields(part, f"{prefix}{name}.")


def _named_by(lookup: Lookup, scope: str | None) -> str:
    match lookup.source:
        case ByFilter(attribute):
            how = f"`{attribute}`"
        case Dictionary(attributes, ids):
            how = " or ".join([f"`{name}`" for name in attributes] + (["its code"] if ids else []))
        case LocalizedDictionary():
            how = "its default name"
        case Tree():
            how = "a path (`Office / Lighting`) or a title that stands alone"
    return f"{how} of `{lookup.type}`{f', within the `{scope}`' if scope else ''}{f' ({lookup.edition})' if lookup.edition else ''}"


def lookups() -> str:
    """Return the table of lookups."""
    rows = []
    for lookup in LOOKUPS:
        match lookup.source:
            case ByFilter(_, chunk):
                cost = f"{chunk:,} keys a request"
            case Tree():
                cost = "two requests for the whole tree"
            case _:
                cost = "one request for 5,000 records, once a load"
        rows.append((f"`{lookup.type}`", _named_by(lookup, None), cost, "can be made" if lookup.make else "-"))
    return table(("Resource", "Named by", "Costs", "When missing"), rows)


def coverage() -> str:
    """Return the table of the calls of an integration, what covers each and the test that proves it."""
    rows = [(number, call, f"`{what}`", f"`{test[1]}`: {test[0]}") for number, call, what, test in COVERAGE]
    return table(("", "Call", "Covered by", "Test"), rows)


def errors() -> str:
    """Return the tree of errors."""
    rows = [
        (
            f"{'&nbsp;' * 4 * depth}`{kind.__name__}`",
            " ".join(str(kind.__doc__).partition("\n\n")[0].split()),
            _tried(kind),
        )
        for kind, depth in _tree(OroCommerceError)
    ]
    return table(("Error", "Means", "Tried again"), rows)


def _tree(kind: type[OroCommerceError], depth: int = 0) -> Iterable[tuple[type[OroCommerceError], int]]:
    yield kind, depth
    for below in kind.__subclasses__():
        if below.__module__ == kind.__module__:
            yield from _tree(below, depth + 1)


def _tried(kind: type[OroCommerceError]) -> str:
    return "no, permanent" if kind.permanent else "yes"


def airflows() -> str:
    """Return the table of the minors of Airflow, the release that is tested of each, and their Pythons."""
    rows = [(one.name, one.tested, f"{one.pythons[0]} to {one.pythons[-1]}") for one in AIRFLOWS]
    return table(("Airflow", "Tested with", "Python"), rows)


def capabilities() -> str:
    """Return the table of what Airflow brings from which minor on, and what there is before."""
    rows = [
        (one.what, *("yes" if airflow.minor >= one.since else "-" for airflow in AIRFLOWS), one.before)
        for one in CAPABILITIES.values()
    ]
    return table(("What you get", *(airflow.name for airflow in AIRFLOWS), "Before"), rows)


def stores() -> str:
    """Return the table of where stores differ."""
    return table(("", *STORES), [(one.what, *one.stores) for one in STORE_DIFFERENCES])


GENERATED = {
    "errors.md": {"errors": errors},
    "entities.md": {"entities": entities, "lookups": lookups, "fields": fields},
    "coverage.md": {"coverage": coverage},
    "compatibility.md": {"airflows": airflows, "capabilities": capabilities, "stores": stores},
}


def filled(page: str) -> str:
    """Return a page with its generated parts anew."""
    text = (DOCS / page).read_text()
    for name, make in GENERATED[page].items():
        begin, end = f"<!-- {name}: generated by docs/tables.py -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n\n{make()}\n\n{end}{after}"
    return text


if __name__ == "__main__":
    for page in GENERATED:
        (DOCS / page).write_text(filled(page))
