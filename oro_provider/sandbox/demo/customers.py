"""The demo shop's customers: groups, about forty firms, some with branches, their users and addresses, their price lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oro_provider.sandbox.demo.rows import insert
from oro_provider.sandbox.demo.words import FIRMS, FIRST_NAMES, LAST_NAMES, PLACES, STREETS, SUFFIXES

if TYPE_CHECKING:
    import random
    import sqlite3

_BOTH = '[{"default": true, "addressType": "billing"}, {"default": true, "addressType": "shipping"}]'
_GROUPS = ("Non-Authenticated Visitors", "Regular", "Wholesale", "Partners")


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer with a user and an address, as an order needs them."""

    customer: int
    user: int
    name: str
    first: str
    last: str
    street: str
    place: tuple[str, str, str | None, str]


def fill_customers(connection: sqlite3.Connection, chance: random.Random, day: str) -> list[Buyer]:
    """Fill the customers; the buyers are who can order."""
    insert(
        connection,
        "customergroups",
        "id name owner organization paymentTerm",
        [(n, name, 1, 1, 2 if n > 1 else None) for n, name in enumerate(_GROUPS, start=1)],
    )
    _fill_roles(connection)
    firms = [f"{name} {SUFFIXES[n % len(SUFFIXES)]}" for n, name in enumerate(FIRMS)]
    firms += [f"{name} - {place}" for name in FIRMS[:10] for place in ("North", "South")]
    buyers, rows = [], []
    for number, name in enumerate(firms, start=1):
        parent = None if number <= len(FIRMS) else (number - len(FIRMS) - 1) // 2 + 1
        group = 2 + number % 3
        rows.append((
            number, name, day, day, parent, group, 1, 1, 1 + number % 5, number % 3 + 1 if number % 4 == 0 else None,
            f"{1 + number % 5}_of_5" if number % 3 else None,
        ))  # fmt: skip
        buyers.append((number, name))
    columns = "id name createdAt updatedAt parent group owner organization paymentTerm taxCode internal_rating"
    insert(connection, "customers", columns, rows)
    insert(
        connection, "customers_salesRepresentatives", "owner target", [(n, 2 + n % 3) for n in range(1, len(rows), 3)]
    )
    _fill_links(connection)
    return _fill_users(connection, chance, day, buyers)


def _fill_roles(connection: sqlite3.Connection) -> None:
    roles = (
        ("ROLE_FRONTEND_ANONYMOUS", "Visitor"),
        ("ROLE_FRONTEND_ADMINISTRATOR", "Administrator"),
        ("ROLE_FRONTEND_BUYER", "Buyer"),
    )
    rows = [(n, *role, 1, 1, 1) for n, role in enumerate(roles, start=1)]
    insert(connection, "customeruserroles", "id role label selfManaged public organization", rows)


def _fill_links(connection: sqlite3.Connection) -> None:
    columns = "id sortOrder mergeAllowed {} priceList"
    groups = [(1, 10, 1, 3, 2), (2, 20, 1, 4, 3), (3, 30, 1, 4, 2)]
    insert(connection, "pricelisttocustomergroups", columns.format("customerGroup"), groups)
    insert(connection, "pricelisttocustomers", columns.format("customer"), [(1, 10, 1, 1, 3), (2, 10, 1, 5, 2)])


def _fill_users(
    connection: sqlite3.Connection, chance: random.Random, day: str, firms: list[tuple[int, str]]
) -> list[Buyer]:
    users: list[tuple[object, ...]] = []
    roles, addresses, user_addresses = [], [], []
    buyers: list[Buyer] = []
    for customer, name in firms:
        place = PLACES[customer % len(PLACES)]
        street = f"{chance.randrange(1, 200)} {STREETS[customer % len(STREETS)]}"
        addresses.append(
            (customer, 1, "Head office", street, place[0], place[3], name, day, day, _BOTH, customer, 1, 1, *place[1:3])
        )
        for _ in range(1 + customer % 4):
            number = len(users) + 1
            first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
            email = f"{first}.{last}.{number}@{name.split()[0].lower()}.example"
            users.append((number, 1, email, first, last, day, day, 1, 0, 0, customer, 1, 1, "active"))
            roles.append((number, 2 if number % 5 == 0 else 3))
            user_addresses.append((
                number, 1, "Office", street, place[0], place[3], first, last, day, day, _BOTH, number, 1, 1, *place[1:3],
            ))  # fmt: skip
            buyers.append(Buyer(customer, number, name, first, last, street, place))
    columns = "id confirmed email firstName lastName createdAt updatedAt enabled loginCount isGuest customer owner organization auth_status"
    insert(connection, "customerusers", columns, users)
    insert(connection, "customerusers_userRoles", "owner target", roles)
    columns = (
        "id primary label street city postalCode organization createdAt updatedAt types customer owner systemOrganization "
        "country region"
    )
    insert(connection, "customeraddresses", columns, addresses)
    columns = (
        "id primary label street city postalCode firstName lastName createdAt updatedAt types customerUser owner "
        "systemOrganization country region"
    )
    insert(connection, "customeruseraddresses", columns, user_addresses)
    return buyers
