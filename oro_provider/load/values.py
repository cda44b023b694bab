"""Values as the store keeps them: cast on the way in, and compared so that what it would keep anyway is no difference.

The store trims texts, rounds money to four decimals, half of the last one up, sorts lists of currencies, and shows moments in
UTC (5.1 to 7.0).
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timezone
from decimal import ROUND_HALF_UP, Decimal, DecimalException, InvalidOperation
from typing import TYPE_CHECKING, Any
from unicodedata import category
from uuid import UUID

import msgspec

from oro_provider.api.query import timestamp

if TYPE_CHECKING:
    from oro_provider.api.documents import Linkage
    from oro_provider.entities.shapes import Kind

TRUE = frozenset({"1", "true", "yes"})
FALSE = frozenset({"0", "false", "no"})
_FOUR_DECIMALS = Decimal("0.0001")
_LONGEST_NUMBER = 100  # digits: one with an exponent of a million would be written out as a million zeros
LARGEST_INTEGER = 2**63  # a database's; JSON numbers beyond it are no integers to a store
# No PostgreSQL keeps a zero in a text, and half of a surrogate pair is no UTF-8: one of them would refuse a whole batch.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_TRIMMED = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_WANTED = {
    "boolean": "true or false",
    "string": "a text",
    "list": "a list",
    "date": "a date",
    "datetime": "a time with its zone",
    None: "a value that JSON has",
}


class RowError(ValueError):
    """A row that cannot be read; `field` names where."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


def cast_value(kind: Kind | None, value: Any, field: str) -> Any:
    """Return a value as JSON has it for this kind; raise `RowError` where it is of another kind.

    A file of CSV holds texts only; money and decimals stay texts, so that no digit is lost.
    """
    if value is None:
        return value
    try:
        match kind:
            case "boolean":
                return value if isinstance(value, bool) else _boolean(str(value))
            case "integer":
                return _integer(value)
            case "float":
                number = float(value)
                if not math.isfinite(number):  # JSON has no such number
                    raise ValueError(value)
                return int(number) if number.is_integer() and abs(number) < LARGEST_INTEGER else number
            case "money" | "decimal":
                return format(_finite(value), "f")
            case "string":
                return text(value)
            case "list":
                return _plain([part.strip() for part in value.split(",")] if isinstance(value, str) else list(value))
            case "date":
                return _date(value)
            case "datetime":
                return _moment(value)
            case _:
                return _plain(value)
    except RowError as error:
        raise RowError(str(error), field) from None
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        raise RowError(f"should be {_WANTED.get(kind, 'a number')}", field) from None


def _boolean(text: str) -> bool:
    if text.strip().lower() in TRUE:
        return True
    if text.strip().lower() in FALSE:
        return False
    raise ValueError(text)


def _finite(value: Any) -> Decimal:
    number = Decimal(str(value).strip())
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
        raise ValueError(value)
    return number


def _integer(value: Any) -> int:
    number = _finite(value)
    if number != int(number):
        raise RowError("should be a whole number")
    if abs(number) >= LARGEST_INTEGER:
        raise ValueError(value)
    return int(number)


def text(value: Any) -> str:
    """Return a value as a text; raise `RowError` for what is none: a float was a number, or nothing at all (NaN)."""
    if not isinstance(value, str | int | Decimal | date | UUID) or isinstance(value, bool):
        raise RowError(f"should be a text, not {type(value).__name__}")
    return readable(value.isoformat() if isinstance(value, date) else str(value))


def trimmed(value: Any) -> Any:
    """Return a text without what the store's forms take off its ends: blanks, and marks that nobody sees (Unicode's Z, Cc and Cf).

    What is no text is returned as it is.
    """
    if not isinstance(value, str):
        return value
    value = value.strip()
    if value.isprintable():  # as nothing of the kind is, which is asked quickly
        return value
    while value and category(value[0]) in _TRIMMED:
        value = value[1:].lstrip()
    while value and category(value[-1]) in _TRIMMED:
        value = value[:-1].rstrip()
    return value


def readable(value: str) -> str:
    """Return a text that a store can keep; raise `RowError` for another."""
    if not value.isprintable() and _NO_TEXT.search(value):
        raise RowError("holds a character that no store keeps: a zero, or half of a surrogate pair")
    return value


def _date(value: Any) -> Any:
    """Return a date as the store shows it; a text that is none is left for the store to refuse."""
    if isinstance(value, datetime):
        if value.time() != time():
            raise ValueError(value)
        value = value.date()
    return value.isoformat() if isinstance(value, date) else text(value)


def _moment(value: Any) -> Any:
    """Return a moment as the store shows it: UTC, whole seconds. A text that is none is left for the store to refuse."""
    moment = value
    if isinstance(value, str):
        try:
            parse = date.fromisoformat if len(value) == len("2026-01-31") else datetime.fromisoformat
            moment = parse(re.sub("[zZ]$", "+00:00", readable(value)))
        except ValueError:
            return text(value)
        if isinstance(moment, datetime) and moment.tzinfo is None:
            return value
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=timezone.utc)
    if not isinstance(moment, datetime):
        raise TypeError(value)
    return timestamp(moment)


def _plain(value: Any) -> Any:
    """Return the value of an attribute of which nothing is known, as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(value)
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Decimal):
        return format(_finite(value), "f")
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(value)
    msgspec.json.encode(value)
    return value


def same_value(kind: Kind | None, ours: Any, theirs: Any) -> bool:
    """Whether the store would keep `ours` as the `theirs` that it has."""
    if ours is None or theirs is None:
        # An empty text and none are shown as either by a store.
        return (ours or None) == (theirs or None) if kind == "string" else ours is theirs
    if kind in {"money", "decimal", "float", "integer"}:
        try:
            left, right = Decimal(str(ours)), Decimal(str(theirs))
            if kind == "money":
                left, right = (side.quantize(_FOUR_DECIMALS, ROUND_HALF_UP) for side in (left, right))
            return left == right
        except InvalidOperation:  # what the store has is no number, or ours is one that it will refuse
            return str(ours) == str(theirs)
    if isinstance(theirs, str) and isinstance(ours, int | float) and not isinstance(ours, bool):
        # A number for a text, such as an external id, or for a store's own money.
        return _same_number(str(ours), theirs)
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours.strip() == theirs.strip()
    if isinstance(ours, list) and isinstance(theirs, list):
        return _members(ours) == _members(theirs)
    return bool(ours == theirs)


def _same_number(ours: str, theirs: str) -> bool:
    try:
        return ours == theirs or ("." in theirs and Decimal(ours) == Decimal(theirs))
    except InvalidOperation:
        return False


def _members(values: list[Any]) -> list[bytes]:
    return sorted(msgspec.json.encode(value, order="sorted") for value in values)


def same_linkage(ours: Linkage, theirs: Linkage) -> bool:
    """Whether two relationships refer to the same records; order means nothing."""
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return set(ours) == set(theirs)
    return ours == theirs


def key_text(kind: Kind | None, value: Any, *, folded: bool) -> str:
    """Return a value as a part of a key: equal texts for what the store, or where folded the world, takes for the same."""
    if value is None:
        return ""
    if kind in {"money", "decimal", "float", "integer"}:
        try:
            number = Decimal(str(value))
            return format(number.normalize(), "f") if abs(number.adjusted()) <= _LONGEST_NUMBER else str(value)
        except DecimalException:
            return str(value)
    text = str(value).strip()
    return " ".join(text.casefold().split()) if folded else text
