"""Values as the store keeps them: cast on the way in, and compared so that what it would keep anyway is no difference.

The store trims texts, rounds money to four decimals and sorts lists of currencies (5.1 to 7.0).
"""

from __future__ import annotations

import math
from decimal import Decimal, DecimalException, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from oro_provider.api.documents import Linkage
    from oro_provider.entities.shapes import Kind

TRUE = frozenset({"1", "true", "yes"})
FALSE = frozenset({"0", "false", "no"})
_FOUR_DECIMALS = Decimal("0.0001")
_LONGEST_NUMBER = 100  # digits: one with an exponent of a million would be written out as a million zeros


class RowError(ValueError):
    """A row that cannot be read; `field` names where."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


def cast_value(kind: Kind | None, value: Any, field: str) -> Any:
    """Return a value as JSON has it for this kind; raise `RowError` where it is of another kind.

    A file of CSV holds texts only; money and decimals stay texts, so that no digit is lost.
    """
    if value is None or kind is None:
        return value
    try:
        match kind:
            case "boolean":
                return value if isinstance(value, bool) else _boolean(str(value))
            case "integer":
                return int(value)
            case "float":
                number = float(value)
                if not math.isfinite(number):  # JSON has no such number
                    raise ValueError(value)
                return int(number) if number.is_integer() else number
            case "money" | "decimal":
                return format(_finite(value), "f")
            case "string":
                return value if isinstance(value, str) else _string(value)
            case "list":
                return [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
            case _:
                return value
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        wanted = {"boolean": "true or false", "string": "a text", "list": "a list"}.get(kind, "a number")
        raise RowError(f"should be {wanted}", field) from None


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


def _string(value: Any) -> str:
    if isinstance(value, dict | list | tuple | set):
        raise TypeError(value)
    return str(value)


def same_value(kind: Kind | None, ours: Any, theirs: Any) -> bool:
    """Whether the store would keep `ours` as the `theirs` that it has."""
    if ours is None or theirs is None:
        # An empty text and none are shown as either by a store.
        return (ours or None) == (theirs or None) if kind == "string" else ours is theirs
    if kind in {"money", "decimal", "float", "integer"}:
        try:
            left, right = Decimal(str(ours)), Decimal(str(theirs))
            if kind == "money":
                left, right = left.quantize(_FOUR_DECIMALS), right.quantize(_FOUR_DECIMALS)
            return left == right
        except InvalidOperation:  # what the store has is no number, or ours is one that it will refuse
            return str(ours) == str(theirs)
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours.strip() == theirs.strip()
    if isinstance(ours, list) and isinstance(theirs, list):
        return sorted(map(msgspec.json.encode, ours)) == sorted(map(msgspec.json.encode, theirs))
    return bool(ours == theirs)


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
