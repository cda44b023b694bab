"""Whether store and warehouse hold exactly what they should: pure comparisons, each a list of what is wrong."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine

from demo.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from demo.sources import Shipment
    from demo.store import Resource

Tracking = tuple[str, str, str]
Interval = tuple[datetime, datetime]


def warehouse_orders(url: str) -> dict[str, dict[str, Any]]:
    """The rows of the warehouse's orders by id, columns without case and underscores: `updatedat`; `url` is SQLAlchemy's."""
    with create_engine(url).connect() as warehouse:
        found_rows = warehouse.exec_driver_sql("SELECT * FROM orders").mappings()
        rows = [{_folded(column): value for column, value in row.items()} for row in found_rows]
    found = {str(row["id"]): row for row in rows}
    if len(found) != len(rows):
        raise ValueError(f"{len(rows)} rows of orders have only {len(found)} different ids")
    return found


def check_orders(
    stored: Iterable[Resource], warehouse: Mapping[str, Mapping[str, Any]], intervals: Sequence[Interval]
) -> list[str]:
    """The warehouse has each order that last changed within an interval, as the store has it now, and no other.

    An order that changed in an interval and once more after the last one may be there in its older state.
    """
    last = max(until for _, until in intervals)
    wrong = []
    left = dict(warehouse)
    for order in stored:
        changed = moment(order["attributes"]["updatedAt"])
        row = left.pop(order["id"], None)
        if not any(since <= changed < until for since, until in intervals):
            if row is not None and changed < last:
                wrong.append(f"order {order['id']} changed at {changed} is in the warehouse")
        elif row is None:
            wrong.append(f"order {order['id']} changed at {changed} is not in the warehouse")
        else:
            wrong.extend(f"order {order['id']}: {difference}" for difference in _differences(order["attributes"], row))
    wrong.extend(f"order {id_} of the warehouse is not in the store" for id_ in left)
    return wrong


def check_products(
    before: Mapping[str, Mapping[str, str]], erp: Iterable[Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Each product of the ERP is in the store as the ERP says, each other one as it was, and no more."""
    wanted = {**before, **{row["sku"]: row for row in erp}}
    wrong = [f"product {sku} is missing" for sku in wanted if sku not in now]
    wrong += [f"product {sku} is too many" for sku in now if sku not in wanted]
    wrong += [
        f"product {sku}: {field} is {now[sku][field]!r} and not {value!r}"
        for sku, row in wanted.items()
        if sku in now
        for field, value in row.items()
        if now[sku][field] != value
    ]
    return wrong


def check_trackings(
    before: Iterable[Tracking], sent: Iterable[Shipment], now: Iterable[Tracking], interval: Interval
) -> list[str]:
    """Each shipment of the interval is a tracking exactly once, and nothing else came or went."""
    since, until = interval
    wanted = Counter(before)
    for shipment in sent:
        if since <= shipment.shipped_at < until:
            wanted[shipment.tracking] = max(wanted[shipment.tracking], 1)
    have = Counter(now)
    return [
        f"tracking {tracking} is there {have[tracking]} times and not {wanted[tracking]}"
        for tracking in sorted(wanted | have)
        if have[tracking] != wanted[tracking]
    ]


def _differences(attributes: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Where a row disagrees with the attributes that it has a column for; the time of the last change it must have."""
    if "updatedat" not in row:
        return ["the warehouse has no column for updatedAt"]
    return [
        f"{name} is {row[_folded(name)]!r} and not {value!r}"
        for name, value in attributes.items()
        if _folded(name) in row and not _same(name, value, row[_folded(name)])
    ]


def _same(name: str, stored: object, held: object) -> bool:
    if name.endswith("At") and stored and held:
        return moment(str(stored)) == moment(str(held))
    return stored == held or str(stored) == str(held)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()
