"""What every store has: organization, users, places, localizations, units, taxes, statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.sandbox.demo.rows import insert
from oro_provider.sandbox.demo.words import COUNTRIES, LOCALIZATIONS, REGIONS

if TYPE_CHECKING:
    import sqlite3

_OPTIONS = {
    "prodinventorystatuses": ("in_stock:In Stock", "out_of_stock:Out of Stock", "discontinued:Discontinued"),
    "orderinternalstatuses": (
        "open:Open", "processing:Processing", "cancelled:Cancelled", "closed:Closed", "archived:Archived",
    ),
    "ordershippingstatuses": ("not_shipped:Not Shipped", "partially_shipped:Partially Shipped", "shipped:Shipped"),
    "customerratings": tuple(f"{n}_of_5:{n} of 5" for n in range(1, 6)),
    "customeruserauthstatuses": ("active:Active", "reset:Reset"),
    "userauthstatuses": ("active:Active", "expired:Password Expired", "locked:Locked"),
}  # fmt: skip


_TOPICS = (
    *(
        f"{name}.{what}:{name.capitalize()} {what}"
        for name in ("customer", "order")
        for what in ("created", "updated", "deleted")
    ),
    "order.payment_status_updated:Order payment status updated",
)


def fill_reference(connection: sqlite3.Connection, day: str) -> None:
    """Fill the tables that the rest refers to."""
    _fill_organization(connection, day)
    _fill_places(connection)
    _fill_localizations(connection, day)
    _fill_units(connection)
    _fill_taxes(connection, day)
    labels = {"webhookformats": ("default:Default (JSON:API)", "thin:Thin payload"), "webhooktopics": _TOPICS}
    for table, listed in labels.items():
        insert(connection, table, "id label", [entry.partition(":")[::2] for entry in listed])
    for table, options in _OPTIONS.items():
        pairs = [option.partition(":") for option in options]
        rows = [(code, position, int(position == 0), name) for position, (code, _, name) in enumerate(pairs)]
        insert(connection, table, "id priority default name", rows)


def _fill_organization(connection: sqlite3.Connection, day: str) -> None:
    insert(connection, "organizations", "id name createdAt updatedAt enabled", [(1, "Brightwell Supply", day, day, 1)])
    units = [(1, "Main", day, day, 1, None), (2, "Field Sales", day, day, 1, 1), (3, "Warehouse", day, day, 1, 1)]
    insert(connection, "businessunits", "id name createdAt updatedAt organization owner", units)
    roles = [("ROLE_ADMINISTRATOR", "Administrator"), ("ROLE_MANAGER", "Sales Manager"), ("ROLE_USER", "Sales Rep")]
    insert(
        connection, "userroles", "id role label organization", [(n, *role, 1) for n, role in enumerate(roles, start=1)]
    )
    insert(connection, "usergroups", "id name owner organization", [(1, "Administrators", 1, 1), (2, "Sales", 1, 1)])
    people = (
        ("admin", "Ada", "Brightwell"),
        ("ronja", "Ronja", "Falk"),
        ("marco", "Marco", "Bellini"),
        ("yuki", "Yuki", "Sato"),
    )
    rows = [
        (n, name, f"{name}@brightwell.example", first, last, day, day, 1, 0, "[]", 1 if n == 1 else 2, 1, "active")
        for n, (name, first, last) in enumerate(people, start=1)
    ]
    columns = "id username email firstName lastName createdAt updatedAt enabled loginCount emails owner organization auth_status"
    insert(connection, "users", columns, rows)
    for table, pairs in {
        "users_userRoles": [(1, 1), (2, 2), (3, 3), (4, 3)],
        "users_organizations": [(n, 1) for n in range(1, 5)],
        "users_businessUnits": [(1, 1), (2, 2), (3, 2), (4, 3)],
        "users_groups": [(1, 1), (2, 2), (3, 2), (4, 2)],
    }.items():
        insert(connection, table, "owner target", pairs)


def _fill_places(connection: sqlite3.Connection) -> None:
    insert(connection, "countries", "id iso3Code name deleted", [(c, iso, n, 0) for c, (iso, n) in COUNTRIES.items()])
    rows = [(f"{country}-{code}", code, name, 0, country) for country, code, name in REGIONS]
    insert(connection, "regions", "id code name deleted country", rows)


def _fill_localizations(connection: sqlite3.Connection, day: str) -> None:
    rows = [
        (n, name, code, 0, day, day, code, None if n == 1 else 1)
        for n, (name, code) in enumerate(LOCALIZATIONS, start=1)
    ]
    columns = "id name formattingCode rtlMode createdAt updatedAt languageCode parentLocalization"
    insert(connection, "localizations", columns, rows)
    values = [(n, name) for n, (name, _) in enumerate(LOCALIZATIONS, start=1)]
    insert(connection, "localizedfallbackvalues", "id string", [*values, (len(values) + 1, "Default")])
    insert(connection, "localizations_titles", "owner target", [(n, n) for n, _ in values])
    family = (1, "default_family", 1, day, day, 1)
    insert(connection, "attributefamilies", "id code isEnabled createdAt updatedAt owner", [family])
    insert(connection, "attributefamilies_labels", "owner target", [(1, len(values) + 1)])


def _fill_units(connection: sqlite3.Connection) -> None:
    units = (
        ("each", 0, "each", "ea", "each", "ea"), ("item", 0, "item", "item", "items", "items"),
        ("piece", 0, "piece", "pc", "pieces", "pcs"), ("set", 0, "set", "set", "sets", "sets"),
        ("box", 0, "box", "bx", "boxes", "bxs"), ("pallet", 0, "pallet", "plt", "pallets", "plts"),
        ("kg", 3, "kilogram", "kg", "kilograms", "kg"), ("hour", 2, "hour", "h", "hours", "h"),
    )  # fmt: skip
    insert(connection, "productunits", "id defaultPrecision label shortLabel pluralLabel shortPluralLabel", units)
    insert(connection, "lengthunits", "id", [(code,) for code in ("cm", "foot", "inch", "m")])
    insert(connection, "weightunits", "id", [(code,) for code in ("kg", "lbs")])
    insert(connection, "freightclasses", "id", [("parcel",)])


def _fill_taxes(connection: sqlite3.Connection, day: str) -> None:
    goods = ("TAXABLE_GOODS", "REDUCED_RATE", "EXEMPT")
    buyers = ("REGULAR", "GOVERNMENT", "RESELLER")
    rows = [(n, code, f"Goods: {code.lower()}", day, day, 1) for n, code in enumerate(goods, start=1)]
    insert(connection, "producttaxcodes", "id code description createdAt updatedAt organization", rows)
    wide = [(n, code, f"Buyers: {code.lower()}", day, day, 1, 1) for n, code in enumerate(buyers, start=1)]
    insert(connection, "customertaxcodes", "id code description createdAt updatedAt owner organization", wide)
    taxes = [
        (1, "OR_SALES", "Oregon", 0, day, day),
        (2, "TX_SALES", "Texas", 0.0825, day, day),
        (3, "DE_VAT", "VAT", 0.19, day, day),
    ]
    insert(connection, "taxes", "id code description rate createdAt updatedAt", taxes)
    places = [
        (1, "OREGON", "US", "US-OR", day, day),
        (2, "TEXAS", "US", "US-TX", day, day),
        (3, "GERMANY", "DE", None, day, day),
    ]
    insert(connection, "taxjurisdictions", "id code country region createdAt updatedAt", places)
    rules = [(n, "", day, day, 1, 1, n, n, 1) for n in (1, 2, 3)]
    columns = "id description createdAt updatedAt productTaxCode customerTaxCode tax taxJurisdiction organization"
    insert(connection, "taxrules", columns, rules)
    terms = ("net 10", "net 30", "net 60", "net 90", "prepaid")
    insert(connection, "paymentterms", "id label", list(enumerate(terms, start=1)))
