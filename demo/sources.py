"""The other systems of the demo: an ERP's product list and a warehouse's shipments, as the CSV files that they drop."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from demo.store import PRODUCT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

SAME, CHANGED, NEW = 20, 15, 10  # products
SHIPPED = {-2: 4, -1: 12, 0: 4}  # days from today -> parcels
CARRIERS = ("UPS", "DHL", "FedEx")


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel that left: what the store should know as a tracking."""

    order: str
    method: str
    number: str
    shipped_at: datetime

    @property
    def tracking(self) -> tuple[str, str, str]:
        return self.order, self.method, self.number


def erp_products(existing: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """What the ERP says: products as the store has them, products with another name, and products it does not have."""
    complete = [dict(row) for row in existing.values() if all(row.values())]
    if len(complete) < SAME + CHANGED:
        raise ValueError(f"the store has {len(complete)} complete products, the demo needs {SAME + CHANGED}")
    same, changed = complete[:SAME], complete[SAME : SAME + CHANGED]
    renamed = [{**row, "name": f"{row['name']} (2nd edition)"} for row in changed]
    new = [
        {**row, "sku": f"ERP-{number:04d}", "name": f"New from the ERP {number}", "status": "enabled"}
        for number, row in enumerate(same[:NEW], start=1)
    ]
    return [*same, *renamed, *new]


def shipments(orders: Sequence[str], known: Iterable[tuple[str, str, str]], today: date) -> list[Shipment]:
    """Parcels of three days, two of the first order of each day; the store knows some of yesterday's already.

    Only those of a run's data interval may reach the store. The days around are there to show it, and to be right
    when midnight passes while the demo runs.
    """
    midnight = datetime(today.year, today.month, today.day, tzinfo=timezone.utc)
    left = iter(orders)
    parcels = []
    for day, count in SHIPPED.items():
        order = next(left)
        for parcel in range(count):
            order = order if parcel < 2 else next(left)
            carrier = CARRIERS[parcel % len(CARRIERS)]
            at = midnight + timedelta(days=day, minutes=5 * parcel)
            parcels.append(Shipment(order, carrier, f"{carrier.upper()}-{day + 2}{parcel:03d}-{order}", at))
    again = [tracking for tracking, times in Counter(known).items() if times == 1][:3]
    return [*parcels, *(Shipment(*tracking, midnight - timedelta(hours=1)) for tracking in again)]


def write_products(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, PRODUCT_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def write_shipments(path: Path, rows: Iterable[Shipment]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("order", "method", "number", "shipped_at"))
        writer.writerows((*row.tracking, row.shipped_at.strftime("%Y-%m-%dT%H:%M:%SZ")) for row in rows)
