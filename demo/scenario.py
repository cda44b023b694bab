"""What the demo does: three DAGs one after another on a real Airflow, then a look at what they left behind.

One after another, so that the store's log of requests tells which DAG asked for what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from demo import checks, sources, summary
from demo.environment import CHECKOUT
from demo.secrets_search import search
from demo.store import product_rows, tracking_rows
from demo.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from demo.api import Document
    from demo.stack import AirflowStack
    from demo.store import StoreReader

DAGS = CHECKOUT / "dags"
ORDERS, PRODUCTS, TRACKINGS = (
    "orocommerce_orders_incremental",
    "orocommerce_products_upsert",
    "orocommerce_tracking_push",
)
DAYS = 3  # of orders


@dataclass(frozen=True, slots=True)
class Places:
    """Where the DAGs read and write, all below one folder."""

    home: Path
    lake: Path
    rejects: Path
    warehouse: str  # a SQLAlchemy URL
    erp: Path
    shipments: Path
    prices: Path
    crm: Path

    @classmethod
    def below(cls, home: Path) -> Places:
        """Empty places below `home`."""
        lake, rejects, files, crm = home / "lake", home / "rejects", home / "files", home / "crm"
        for folder in (lake, rejects, files, crm):
            folder.mkdir(parents=True)
        warehouse = f"sqlite:///{files / 'warehouse.sqlite'}?timeout=60"
        erp, shipments, prices = files / "erp.csv", files / "shipments.csv", files / "prices.csv"
        return cls(home, lake, rejects, warehouse, erp, shipments, prices, crm)

    @property
    def written(self) -> list[Path]:
        """The folders that tasks write to."""
        return [self.lake, self.rejects, self.erp.parent]

    def environment(self, connection: str) -> dict[str, str]:
        """What the DAG files and the hook read."""
        return {
            "AIRFLOW_CONN_OROCOMMERCE_DEFAULT": connection,
            "OROCOMMERCE_LAKE": str(self.lake),
            "OROCOMMERCE_REJECTS": str(self.rejects),
            "OROCOMMERCE_WAREHOUSE": self.warehouse,
            "OROCOMMERCE_ERP_CSV": str(self.erp),
            "OROCOMMERCE_SHIPMENTS_CSV": str(self.shipments),
            "OROCOMMERCE_PRICES_CSV": str(self.prices),
            "OROCOMMERCE_CRM": str(self.crm),
        }


@dataclass(frozen=True, slots=True)
class Before:
    """The store before the DAGs ran, and what the other systems have for it."""

    products: Mapping[str, Mapping[str, str]]
    trackings: list[checks.Tracking]
    erp: list[dict[str, str]]
    shipments: list[sources.Shipment]


def prepare(store: StoreReader, places: Places) -> Before:
    """Read the store and write the other systems' files to go with it."""
    products = product_rows(store)
    trackings = tracking_rows(store)
    known = {order for order, _, _ in trackings}
    orders = [order["attributes"]["identifier"] for order in store.read("orders").data]
    erp = sources.erp_products(products)
    today = datetime.now(timezone.utc).date()
    parcels = sources.shipments([order for order in orders if order not in known], trackings, today)
    sources.write_products(places.erp, erp)
    sources.write_shipments(places.shipments, parcels)
    return Before(products, trackings, erp, parcels)


@dataclass
class Scenario:
    """The run of the three DAGs; `say` is told how far it is."""

    store: StoreReader
    stack: AirflowStack
    places: Places
    before: Before
    say: Callable[[str], None]
    rows: list[summary.Row] = field(default_factory=list)

    def run(self) -> list[str]:
        """Run the DAGs, each to its end, and return what is wrong afterwards."""
        self.stack.wait_dags(ORDERS, PRODUCTS, TRACKINGS)
        orders = self._orders()
        self._scheduled(PRODUCTS)
        pushes = self._scheduled(TRACKINGS)
        return self._check([_interval(run) for run in orders], _interval(pushes[0]))

    def _orders(self) -> list[Document]:
        today = datetime.now(timezone.utc).date()
        first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
        self.store.forget_requests()
        self.say(f"{ORDERS}: airflow backfill create --from-date {first} --to-date {last}")
        self.stack.backfill(ORDERS, first, last)
        self.stack.unpause(ORDERS)
        return self._finish(ORDERS, DAYS)

    def _scheduled(self, dag_id: str) -> list[Document]:
        """Unpause the DAG: the scheduler makes one run, for the last whole interval."""
        self.store.forget_requests()
        self.say(f"{dag_id}: unpaused")
        self.stack.unpause(dag_id)
        return self._finish(dag_id, 1)

    def _finish(self, dag_id: str, count: int) -> list[Document]:
        runs = self.stack.wait_runs(dag_id, count)
        results = [value for run in runs for value in self.stack.results(dag_id, run["dag_run_id"])]
        row = summary.row(dag_id, runs, results, len(self.store.requests()))
        self.rows.append(row)
        self.say(f"{dag_id}: {row.runs} runs in {row.seconds:.0f} s, {row.requests} requests to the store")
        return runs

    def _check(self, windows: list[checks.Interval], pushed: checks.Interval) -> list[str]:
        self.say("checking store, warehouse and Airflow's records")
        warehouse = checks.warehouse_orders(self.places.warehouse)
        return [
            *checks.check_orders(self.store.read("orders").data, warehouse, windows),
            *checks.check_products(self.before.products, self.before.erp, product_rows(self.store)),
            *checks.check_trackings(self.before.trackings, self.before.shipments, tracking_rows(self.store), pushed),
            *(f"a secret or a customer's e-mail is in {place}" for place in self._leaks()),
        ]

    def _leaks(self) -> list[str]:
        """Where a secret or token is in anything that Airflow or a task wrote, or a customer's data in Airflow's records."""
        home, keys = self.stack.home, [self.stack.env["AIRFLOW__CORE__FERNET_KEY"]]
        secret = [self.store.client_secret, *self.store.tokens()]
        leaks = search(secret, database=self.stack.database, folders=[home, *self.places.written], fernet_keys=keys)
        people = customers_data(self.store)
        leaks += search(people, database=self.stack.database, folders=[home / "logs"], fernet_keys=keys)
        return sorted({leak.place for leak in leaks})


def customers_data(store: StoreReader) -> list[str]:
    """What no log and no field of Airflow's may show: the customers' names, their users' names and e-mails, their streets."""
    customers = [customer["attributes"]["name"] for customer in store.read("customers").data]
    users = [user["attributes"] for user in store.read("customerusers").data]
    people = [f"{user['firstName']} {user['lastName']}" for user in users]
    streets = [address["attributes"]["street"] for address in store.read("orderaddresses").data]
    return sorted({*customers, *people, *(user["email"] for user in users), *filter(None, streets)})


def _interval(run: Document) -> checks.Interval:
    return moment(run["data_interval_start"]), moment(run["data_interval_end"])
