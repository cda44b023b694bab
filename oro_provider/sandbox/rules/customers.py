"""Customers, their users and addresses, and the back office's own users."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.drafts import BLANK, Draft, row_of
from oro_provider.sandbox.rules.hooks import Rules
from oro_provider.sandbox.storage import quoted

if TYPE_CHECKING:
    from oro_provider.sandbox.writing import Writer

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_NAMES = (
    ("organization", "Organization or First Name and Last Name should not be blank."),
    ("firstName", "First Name and Last Name or Organization should not be blank."),
    ("lastName", "Last Name and First Name or Organization should not be blank."),
)
_ASSOCIATIONS = "has associations to other entities."
_PASSWORD = "The password must be at least 8 characters long and include an upper case letter and a number"  # noqa: S105


def check_place(writer: Writer, draft: Draft) -> None:
    """An address needs a name or a company, and a region where its country has regions."""
    if draft.blank("organization") and (draft.blank("firstName") or draft.blank("lastName")):
        for name, detail in _NAMES:
            draft.complain("name or organization constraint", detail, f"attributes/{name}")
    country, region = draft.get("country"), draft.get("region")
    found = row_of(writer.connection, "countries", country) if isinstance(country, str) else None
    if found is None:
        return
    regions = writer.connection.execute('SELECT count(*) FROM regions WHERE "country" = ?', (country,)).fetchone()[0]
    if not regions:
        return
    if not draft.blank("customRegion"):
        detail = "Custom region can be used only for countries without predefined regions."
        draft.complain("region text constraint", detail)
    if region is None and "region" not in draft.failed:
        detail = f"State is required for country {found['name']}"
        draft.complain("required region constraint", detail, "relationships/region")
    elif isinstance(region, str):
        place = row_of(writer.connection, "regions", region)
        if place is not None and place["country"] != country:
            detail = f"Region {place['name']} does not belong to country {found['name']}"
            draft.complain("valid region constraint", detail)


def _before_address(owner: str) -> Any:
    def before(writer: Writer, draft: Draft) -> None:
        """An owner's first address is its primary one, whatever its request says."""
        if draft.update or draft.get("primary"):
            return
        holder = draft.get(owner)
        holder = holder.id if isinstance(holder, Draft) else holder
        statement = f"SELECT 1 FROM {quoted(draft.type)} WHERE {quoted(owner)} = ? LIMIT 1"
        if writer.connection.execute(statement, (holder,)).fetchone() is None:
            draft.values["primary"] = 1

    return before


def _after_address(owner: str) -> Any:
    def after(writer: Writer, draft: Draft, now: str) -> None:
        """`primary` and a default type are cleared on the owner's other addresses, whose updatedAt moves."""
        types = json.loads(draft.current.get("types") or "[]")
        defaults = {one.get("addressType") for one in types if one.get("default")}
        if not draft.current.get("primary") and not defaults:
            return
        holder = draft.current.get(owner)
        rows = writer.connection.execute(
            f'SELECT "id", "primary", "types" FROM {quoted(draft.type)} WHERE {quoted(owner)} = ? AND "id" <> ?',
            (holder, draft.id),
        ).fetchall()
        for one, primary, others in rows:
            changed: dict[str, Any] = {}
            if primary and draft.current.get("primary"):
                changed["primary"] = 0
            listed = json.loads(others or "[]")
            cleared = [
                {**entry, "default": False} if entry.get("addressType") in defaults else entry for entry in listed
            ]
            if cleared != listed:
                changed["types"] = json.dumps(cleared)
            if changed:
                writer.set(draft.type, one, {**changed, "updatedAt": now})

    return after


def _check_customer_user(writer: Writer, draft: Draft) -> None:
    email = draft.values.get("email")
    if isinstance(email, str) and email:
        if not _EMAIL.match(email):
            draft.complain("email constraint", "This value is not a valid email address.", "attributes/email")
        if len(email) < 6:
            detail = "This value is too short. It should have 6 characters or more."
            draft.complain("length constraint", detail, "attributes/email")
        same = writer.connection.execute(
            'SELECT "id" FROM customerusers WHERE "email" = ? AND "id" IS NOT ?', (email, draft.id)
        )
        # Two rows with one e-mail in a chunk of a batch are both created: the check looks at what was there before.
        if any(("customerusers", row[0]) not in writer.unflushed for row in same.fetchall()):
            title = "unique customer user name and email constraint"
            draft.complain(title, "This email is already used.", "attributes/email")
    password = draft.secrets.get("password")
    strong = (
        isinstance(password, str) and len(password) >= 8 and re.search("[A-Z]", password) and re.search(r"\d", password)
    )
    if password is not None and not strong:
        draft.complain("password complexity constraint", _PASSWORD, "attributes/password")
    if not draft.update and draft.blank("customer") and "customer" not in draft.failed:
        draft.complain("not blank constraint", BLANK, "relationships/customer")


def _forbid_customer(writer: Writer, row: dict[str, Any]) -> str | None:
    for table in ("orders", "customerusers"):
        statement = f'SELECT 1 FROM {table} WHERE "customer" = ? LIMIT 1'
        if writer.connection.execute(statement, (row["id"],)).fetchone():
            return _ASSOCIATIONS
    return None


def _forbid_customer_user(writer: Writer, row: dict[str, Any]) -> str | None:
    used = writer.connection.execute('SELECT 1 FROM orders WHERE "customerUser" = ? LIMIT 1', (row["id"],)).fetchone()
    return _ASSOCIATIONS if used else None


def _before_role(writer: Writer, draft: Draft) -> None:
    if not draft.update and draft.blank("role"):
        label = re.sub(r"\W+", "_", str(draft.get("label"))).upper()
        draft.values["role"] = f"ROLE_FRONTEND_{label}_{writer.chance.getrandbits(32):08X}"


def _check_user(writer: Writer, draft: Draft) -> None:
    for name in ("username", "email"):
        value = draft.values.get(name)
        if value is None:
            continue
        taken = writer.connection.execute(
            f'SELECT 1 FROM users WHERE {quoted(name)} = ? AND "id" IS NOT ?', (value, draft.id)
        ).fetchone()
        if taken and name == "username":
            detail = (
                "This username is already registered by another user. Please provide unique username. "
                "Source: usernameLowercase."
            )
            draft.complain("unique entity constraint", detail)
            draft.complain("unique entity constraint", "This value is already used.", "attributes/username")
        elif taken:
            detail = "This email is already registered by another user. Please provide unique email address."
            draft.complain("unique user email constraint", detail, "attributes/email")


RULES = {
    "customers": Rules(forbid=_forbid_customer),
    "customerusers": Rules(check=_check_customer_user, forbid=_forbid_customer_user),
    "customeraddresses": Rules(check=check_place, before=_before_address("customer"), after=_after_address("customer")),
    "customeruseraddresses": Rules(
        check=check_place, before=_before_address("customerUser"), after=_after_address("customerUser")
    ),
    "customeruserroles": Rules(before=_before_role),
    "users": Rules(check=_check_user),
}
