"""Out of the store: a window of an entity into files, published by a manifest that goes to XCom."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from oro_provider.arguments import mapping, one_of, several
from oro_provider.assets import describe_event
from oro_provider.disk import on_disk
from oro_provider.lineage import Extracted
from oro_provider.operators.news import NO_ASSET, POSITION_KEY, News, NewsJournal, read_news, stored_position
from oro_provider.operators.store import ListOperator, entity_argument
from oro_provider.paths import path_of
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import conf, metrics
from oro_provider.windows import moment, resolve_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Asset, Context

    from oro_provider.entities.model import Entity
    from oro_provider.extract.files import Format
    from oro_provider.extract.known import Known
    from oro_provider.extract.manifest import Manifest
    from oro_provider.extract.progress import Progress, Report
    from oro_provider.extract.reader import Destination, Extract
    from oro_provider.extract.shards import Shard
    from oro_provider.extract.spec import Layout
    from oro_provider.extract.window import Window

LAYOUTS: tuple[Layout, ...] = ("records", "objects")
FORMATS: tuple[Format, ...] = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")
NO_TARGET = "there is no target: give the folder or object storage URL of the files, or records_limit= for the records themselves"
# Which orders of a checkout with several shipments are read, and the filter for them.
SUBORDERS: dict[str, dict[str, str]] = {
    "all": {},
    "parents": {"parent[exists]": "no"},
    "leaves": {"subOrders[exists]": "no"},
}
# Executors whose tasks run on machines of their own, by a part of their names.
_SEVERAL_MACHINES = ("Celery", "Kubernetes", "Edge", "Ecs", "Batch", "Lambda")


class OroCommerceExtractOperator(ListOperator):
    """Reads the records of a window into files and returns their `Manifest`.

    The window is `since` to `until` (half-open, UTC) where they are given, else the run's partition or data interval; it is
    about the date of a record's last change. Entities without such a date are read whole. A run again of the same window
    replaces its files; a retry goes on where the attempt before it was killed.

    :param entity: what to read: a type (`"orders"`) or an `Entity` of your own. (templated)
    :param target: folder or object storage URL; files lie in `<target>/<entity>/since=..._until=.../`. (templated)
    :param include: relationships to read along, dotted paths too: `["lineItems", "billingAddress"]`. (templated)
    :param fields: what to read besides the default: costly fields, to-many references, a store's own attributes. (templated)
    :param filters: filters of the resource by name: `{"internalStatus": "open"}`. (templated)
    :param since: start of the window, a moment or ISO 8601. (templated)
    :param until: its end, excluded. (templated)
    :param full: read everything that the store has, into `<target>/<entity>/full/`.
    :param known: a file (`.csv` or `.jsonl`) of what you have, `id` and `updatedAt` in the order of ids: everything that the store has
        is compared with it, and only what differs is read; ids that the store does not have are the manifest's
        `related["deleted"]`. Finds deletions and records that were imported with a past date, which no window sees. (templated)
    :param watermark: the date that the window is about, where it is not the entity's. (templated)
    :param settle: seconds after the window's end, by the store's clock, before it is read, so that records which are
        committed late are not missed; the task waits for it, in the triggerer where it is `deferrable`.
    :param partition_period: how long a partition is, where its key does not tell (`2026-11-21` is a day, `2026-11` a month).
    :param overlap: read this much before `since` again; with `window="watermark"` how long after its id was given an order may be
        committed and still be found (120 s by default; the trigger and the sensor should be given the same).
    :param reread: how far back a store is read by `createdAt` that cannot filter by the date of the last change (orders
        before 6.0.5); changes of older records are not seen there.
    :param layout: `"records"`: flat rows with related records in their place; `"objects"`: resource objects as the store sent
        them, each type in files of its own.
    :param format: `"jsonl"`, `"jsonl.gz"`, `"jsonl.zst"` (extra `zstd`) or `"parquet"` (extra `parquet`; records only).
    :param shard: read only this part of a window that `OroCommercePlanExtractOperator` planned; for mapping. (templated)
    :param records_limit: return the records themselves, at most this many, instead of writing files; more fail the task.
    :param window: `"watermark"` reads the orders that the watermark of `asset` has not passed, at once; `since` then says
        where the first run of all begins. The watermark is not moved: the position is left in the XCom `watermark`.
    :param asset: what the task reads (`orders_asset()`): an outlet, whose event tells the window and the count; with
        `window="watermark"` an inlet, whose watermark it is.
    :param reader: whose watermark it is, where an asset has several readers.
    :param page_size: records a request; the connection's by default.
    :param progress_every: seconds between two lines of the log that say how far the reading is.
    :param deferrable: wait in the triggerer rather than on a worker.
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = (
        "orocommerce_conn_id",
        "entity",
        "target",
        "include",
        "fields",
        "filters",
        "since",
        "until",
        "watermark",
        "shard",
        "known",
    )
    template_fields_renderers = {"filters": "json", "include": "json", "fields": "json"}  # noqa: RUF012 - Airflow's form
    writes_files = True

    def __init__(
        self,
        *,
        entity: str | Entity,
        target: Any = None,
        include: Sequence[str] = (),
        fields: Sequence[str] = (),
        filters: Mapping[str, Any] | None = None,
        since: Any = None,
        until: Any = None,
        full: bool = False,
        known: Any = None,
        watermark: str | None = None,
        settle: float = 60.0,
        partition_period: timedelta | None = None,
        overlap: timedelta = timedelta(0),
        reread: timedelta = timedelta(days=30),
        layout: Layout = "records",
        format: Format = "jsonl",  # noqa: A002 - the word of its users
        shard: Shard | None = None,
        records_limit: int | None = None,
        window: str | None = None,
        asset: Asset | None = None,
        reader: str = "default",
        page_size: int | None = None,
        progress_every: float = 30.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        if window is not None and one_of(window, ("watermark",), "window") and asset is None:
            raise ValueError(NO_ASSET)
        if asset is not None:
            # As an outlet it would start a DAG again that is scheduled on it.
            place = "inlets" if window else "outlets"
            kwargs[place] = [*(kwargs.get(place) or []), asset]
        super().__init__(**kwargs)
        if self.writes_files and target is None and records_limit is None:
            raise ValueError(NO_TARGET)
        self.entity = entity
        self.target = target
        self.include = include
        self.fields = fields
        self.filters = filters
        self.since = since
        self.until = until
        self.full = full
        self.known = known
        self.watermark = watermark
        self.settle = settle
        self.partition_period = partition_period
        self.overlap = overlap
        self.reread = reread
        self.layout: Any = one_of(layout, LAYOUTS, "layout")
        self.format: Any = one_of(format, FORMATS, "format")
        self.shard = shard
        self.records_limit = records_limit
        self.window = window
        self.asset = asset
        self.reader = reader
        self.page_size = page_size
        self.progress_every = progress_every
        self.deferrable = deferrable
        self._extracted: Extracted | None = None

    def execute(self, context: Context) -> Any:
        from oro_provider.extract.reader import NotSettled

        with airflow_errors():
            entity = readable_entity(self.entity)
        self.link_list(context, entity)
        while True:
            try:
                return self._extract(context)
            except NotSettled as early:
                wait = early
            self.log.info("Waiting %.0f s: %s", wait.seconds, wait)
            if self.deferrable:
                from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

                self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=wait.seconds)), method_name="execute_complete")
            time.sleep(wait.seconds)

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """Read what was not settled before; called when the wait is over."""
        return self.execute(context)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """Return what was read and written, for OpenLineage (extra `openlineage`); it asks on failure too."""
        return self._extracted.lineage() if self._extracted is not None else None

    def spec(self, context: Context, window: Window | None = None) -> Extract:
        """Return what this task reads in this run; `window` where it is known."""
        from oro_provider.extract.reader import Extract
        from oro_provider.extract.shards import shard_spec

        with airflow_errors():
            entity = readable_entity(self.entity)
            if self.known is not None:
                self._check_compared()
            dated = entity.watermark or self.watermark or self.since or self.until
            whole = (
                self.full
                or self.known is not None
                or not dated
                or (self.shard is not None and self.shard["since"] is None)
            )
            window = None if whole else window or self._window(context)
            spec = Extract(
                entity=entity,
                window=window,
                watermark=self.watermark,
                include=several(self.include, "include"),
                fields=several(self.fields, "fields"),
                filters=self.entity_filters(),
                page_size=self.page_size,
                layout=self.layout,
                settle=self.settle,
                reread=self.reread,
            )
            return shard_spec(spec, self.shard) if self.shard else spec

    def _check_compared(self) -> None:
        others = (moment(self.since, "since"), moment(self.until, "until"), self.shard, self.records_limit)
        if any(one is not None for one in others):
            raise ValueError(
                "known= compares everything that the store has, and what differs goes into files: leave out since=, until=, "
                "shard= and records_limit="
            )

    def entity_filters(self) -> Mapping[str, Any]:
        """Return the filters that the arguments stand for."""
        return mapping(self.filters, "filters")

    def _window(self, context: Context) -> Window:
        if self.shard is not None:  # planned once, so that all shards are of the same window
            return resolve_window(context, self.shard["since"], self.shard["until"])
        window = resolve_window(context, self.since, self.until, self.partition_period)
        return window.widened(self.overlap) if self.overlap else window

    def _extract(self, context: Context) -> Manifest | list[dict[str, Any]]:
        from oro_provider.extract.reader import extract, read_records

        journal = self._news_journal(context) if self.window is not None else None
        news = self._news(journal) if journal is not None else None
        spec = self.spec(context) if news is None else self.spec(context, news.window)
        if news is not None:
            spec = replace(spec, only=news.ids, settle=None)
        self._extracted = Extracted(self.hook.settings.base_url, spec, str(self.target) if self.target else None)
        limit = self.records_limit
        if limit is not None:
            records: list[dict[str, Any]] = self.work(lambda client: read_records(client, spec, limit))
            return records
        to = self._destination(context, spec)
        known = self._known(spec)
        manifest = self.work(lambda client: extract(client, spec, to, self.progress(), known))
        self._extracted.manifest = manifest
        metrics().incr("orocommerce.records_read", manifest["count"], tags={"entity": spec.type})
        self.log.info(
            "Read %s %s of %s into %s (%s moved out of the window meanwhile, %s deleted)",
            manifest["count"],
            spec.type,
            spec.window or "the whole store",
            manifest["path"],
            manifest["moved"],
            manifest["deleted"],
        )
        if journal is not None and news is not None:
            context["ti"].xcom_push(key=POSITION_KEY, value=news.after.to_json())
            journal.delete()
        elif self.asset is not None:
            describe_event(context, self.asset, manifest)
        return manifest

    def _news_journal(self, context: Context) -> NewsJournal:
        """Return where the tries of this task remember what the watermark has not passed."""
        with airflow_errors():
            others = (self.entity_filters(), self.full, self.until, self.shard, self.known)
            if any(others) or self.records_limit is not None:
                raise ValueError(
                    "the watermark passes all orders up to now: filter them where they are handed over, and leave out "
                    "filters=, full=, until=, shard=, known= and records_limit="
                )
            if readable_entity(self.entity).type != "orders":
                raise ValueError('window="watermark" is for orders: give others since= and until=, or an interval')
            name = f"news-{attempt(context) or uuid4().hex[:12]}.json"
            return NewsJournal(self._target / "_work" / name, stored_position(context, self.asset, self.reader))

    def _news(self, journal: NewsJournal) -> News:
        """Return what the watermark has not passed, or had not when this task was first tried."""
        news = journal.load()
        if news is None:
            news = self.work(lambda client: read_news(client, journal.since, self.since, self.overlap))
            journal.save(news)
        return news

    @property
    def _target(self) -> Any:
        if self.target is None:
            raise ValueError(NO_TARGET)
        return path_of(self.target)

    def _known(self, spec: Extract) -> Known | None:
        if self.known is None:
            return None
        from oro_provider.extract.known import Known
        from oro_provider.load.sources import file_records

        with airflow_errors():
            return Known(file_records(path_of(self.known)), spec.date)

    def progress(self) -> Progress:
        """Return what tells the log and Airflow's metrics how far the reading is."""
        from oro_provider.extract.progress import Progress

        def tell(report: Report) -> None:
            self.log.info("Read %s", report)
            metrics().gauge("orocommerce.records_per_second", report.rate, tags={"entity": report.type})

        return Progress(tell, self.progress_every)

    def _destination(self, context: Context, spec: Extract) -> Destination:
        from oro_provider.extract.reader import Destination
        from oro_provider.extract.shards import shard_folder

        with airflow_errors():
            target = self._target
            executor = conf.get("core", "executor", fallback="")
            if on_disk(target) and any(name in executor for name in _SEVERAL_MACHINES):
                self.log.warning(
                    "%s is a disk of this machine, and %s runs tasks on several: what reads the manifest elsewhere will not "
                    "find the files. Use object storage (s3://...) or a shared disk.",
                    target,
                    executor,
                )
            name = attempt(context)
            folder = window_folder(target, spec) if self.known is None else target / spec.type / "reconciled"
            if self.shard is not None:
                folder = shard_folder(folder, self.shard)
            work = target / "_work" / f"{spec.digest}-{name}" if name else None
            return Destination(folder, name or uuid4().hex[:12], work, self.shard is not None, self.format)


def readable_entity(entity: str | Entity) -> Entity:
    """Return the entity to read; of a resource whose shape is known, that is all that reading needs."""
    from oro_provider.entities.model import Entity
    from oro_provider.entities.shapes import SHAPES

    try:
        return entity_argument(entity)
    except ValueError:
        if entity not in SHAPES:
            raise
        return Entity(type=str(entity))


def window_folder(target: Any, spec: Extract) -> Any:
    """Return the folder of what is read."""
    return target / spec.type / (spec.window.folder if spec.window else "full")


def attempt(context: Context) -> str | None:
    """Return a name that all tries of a task in a run share, until it is cleared: a retry goes on, a cleared task does not.

    Clearing raises `max_tries` by the tries that were made; a retry leaves it as it is (Airflow 3.1 to 3.3). None outside of
    a task.
    """
    ti: Any = context.get("ti")
    if ti is None:
        return None
    made_before = getattr(ti, "max_tries", 0) - (ti.task.retries or 0)
    parts = (ti.dag_id, ti.task_id, ti.run_id, str(ti.map_index), str(made_before))
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


class OroCommerceExtractOrdersOperator(OroCommerceExtractOperator):
    """Reads the orders that were changed in a window (`OroCommerceExtractOperator` with `entity="orders"`).

    `orderSubtotals` are left out unless they are named in `include`: the store computes them anew for each order, so they are
    then read in small requests of their own.

    :param suborders: a checkout with several shipments makes a parent and its parts, and a list gives both, so that revenue
        counts twice: `"all"`, `"parents"` (orders that are no part of another) or `"leaves"` (orders that have no parts).
    """

    def __init__(self, *, suborders: str = "all", **kwargs: Any) -> None:
        kwargs["entity"] = "orders"
        super().__init__(**kwargs)
        self.suborders = one_of(suborders, SUBORDERS, "suborders")

    def entity_filters(self) -> Mapping[str, Any]:
        return {**super().entity_filters(), **SUBORDERS[self.suborders]}


class OroCommerceExtractProductsOperator(OroCommerceExtractOperator):
    """Reads the products that were changed in a window.

    Prices, stock, unit precisions and localized names do not move a product's date of change; `full=True` reads them all.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "products"
        super().__init__(**kwargs)


class OroCommerceExtractCustomersOperator(OroCommerceExtractOperator):
    """Reads the customers (companies) that were changed in a window."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "customers"
        super().__init__(**kwargs)


class OroCommerceExtractShippingTrackingsOperator(OroCommerceExtractOperator):
    """Reads all shipment trackings with the ids of their `orders` (of the one `order` before 6.1): they have no dates, and none of
    theirs moves an order's.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "ordershippingtrackings"
        kwargs.setdefault("fields", ["orders"])
        super().__init__(**kwargs)


class OroCommerceExtractProductPricesOperator(OroCommerceExtractOperator):
    """Reads all prices of all price lists, or of one (`filters={"priceList": "1"}`): prices have no dates."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "productprices"
        super().__init__(**kwargs)


class OroCommerceExtractInventoryLevelsOperator(OroCommerceExtractOperator):
    """Reads all stock levels: they have no dates."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "inventorylevels"
        super().__init__(**kwargs)


class OroCommerceExtractCustomerUsersOperator(OroCommerceExtractOperator):
    """Reads all customer users (people who buy): no version can filter them by their dates."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "customerusers"
        super().__init__(**kwargs)


class OroCommerceExtractCustomerGroupsOperator(OroCommerceExtractOperator):
    """Reads all customer groups."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "customergroups"
        super().__init__(**kwargs)


class OroCommerceExtractAddressesOperator(OroCommerceExtractOperator):
    """Reads all addresses of customers, or of customer users: no version can filter them by their dates.

    :param owner: `"customers"` or `"customerusers"`.
    """

    def __init__(self, *, owner: Literal["customers", "customerusers"] = "customers", **kwargs: Any) -> None:
        owners = {"customers": "customeraddresses", "customerusers": "customeruseraddresses"}
        kwargs["entity"] = owners[one_of(owner, owners, "owner")]
        super().__init__(**kwargs)
        self.owner = owner


class OroCommerceExtractPriceListsOperator(OroCommerceExtractOperator):
    """Reads all price lists."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "pricelists"
        super().__init__(**kwargs)
