"""Attribute values of a body, as the database holds them: trimmed, rounded and refused as the store does."""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from oro_provider.sandbox.dates import body_moment

if TYPE_CHECKING:
    from oro_provider.entities.shapes import Kind

_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")


class InvalidValueError(ValueError):
    """A value that the attribute cannot hold; the text is the store's detail."""


def money(value: Decimal) -> str:
    """An amount as documents show it: four decimals."""
    return str(value.quantize(Decimal("0.0001"), ROUND_HALF_UP))


def convert(kind: Kind, value: Any) -> object:
    """The column's value of an attribute; None stays None."""
    if value is None:
        return None
    if kind in {"list", "object"}:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (dict, list)):
        raise InvalidValueError("This value is not valid.")
    return _CONVERTERS[kind](value)


def _string(value: Any) -> object:
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value).strip()


def _boolean(value: Any) -> object:
    if value in (True, "true", "yes", "1", 1):
        return 1
    if value in (False, "false", "no", "0", 0, ""):
        return 0
    raise InvalidValueError("This value is not valid.")


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise InvalidValueError("This value is not valid.") from None
    if isinstance(value, bool) or not number.is_finite():
        raise InvalidValueError("This value is not valid.")
    return number


def _integer(value: Any) -> object:
    return math.trunc(_number(value))


def _float(value: Any) -> object:
    number = _number(value)
    return int(number) if number == number.to_integral_value() else float(number)


def _money(value: Any) -> object:
    return money(_number(value))


def _decimal(value: Any) -> object:
    number = _number(value)
    if -int(number.as_tuple().exponent) > 10:
        raise InvalidValueError("This value is not valid.")
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _datetime(value: Any) -> object:
    moment = body_moment(str(value))
    if moment is None:
        raise InvalidValueError(f'The "{value}" is not valid datetime.')
    return moment


def _date(value: Any) -> object:
    if not _DAY.match(str(value)):
        raise InvalidValueError(f'The "{value}" is not valid date.')
    return str(value)


_CONVERTERS = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "float": _float,
    "money": _money,
    "decimal": _decimal,
    "datetime": _datetime,
    "date": _date,
}
