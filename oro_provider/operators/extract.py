"""Out of the store: a window of an entity into files, published by a manifest that goes to XCom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.assets import describe_event
from oro_provider.operators.store import StoreOperator, entity_argument
from oro_provider.paths import path_of
from oro_provider.retry import airflow_errors
from oro_provider.windows import resolve_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Asset, Context

    from oro_provider.entities.model import Entity
    from oro_provider.extract.files import Manifest


class OroCommerceExtractOperator(StoreOperator):
    """Reads the records of a window into JSON lines and returns their `Manifest`.

    The window is `since` to `until` (half-open, UTC) where they are given, else the run's data interval; it is about the
    date of a record's last change. A run again of the same window replaces its files.

    :param entity: what to read: a type (`"orders"`) or an `Entity` of your own. (templated)
    :param target: folder or object storage URL; files lie in `<target>/<entity>/since=..._until=.../`. (templated)
    :param include: relationships to nest in the records, dotted paths too: `["lineItems", "billingAddress"]`. (templated)
    :param fields: what to read besides the default: costly fields (`orderSubtotals`), a store's own attributes. (templated)
    :param filters: filters of the resource by name: `{"internalStatus": "open"}`. (templated)
    :param since: start of the window, a moment or ISO 8601. (templated)
    :param until: its end, excluded. (templated)
    :param watermark: the date that the window is about, where it is not the entity's: `createdAt` for orders of stores
        before 6.0.5, which cannot filter by `updatedAt`. (templated)
    :param settle: seconds after the window's end, by the store's clock, before it is read, so that records which are
        committed late are not missed; the task waits for it.
    :param page_size: records a request; the connection's by default.
    :param window: `"watermark"` reads the orders that the watermark of `asset` has not passed, at once; `since` then says
        where the first run of all begins. The watermark is not moved: the position is left in the XCom `watermark`.
    :param asset: what the task reads (`orders_asset()`): an outlet, whose event tells the window and the count; with
        `window="watermark"` an inlet, whose watermark it is.
    :param reader: whose watermark it is, where an asset has several readers.
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
    )
    template_fields_renderers = {"filters": "json", "include": "json", "fields": "json"}  # noqa: RUF012 - Airflow's form

    def __init__(
        self,
        *,
        entity: str | Entity,
        target: Any,
        include: Sequence[str] = (),
        fields: Sequence[str] = (),
        filters: Mapping[str, Any] | None = None,
        since: Any = None,
        until: Any = None,
        watermark: str | None = None,
        settle: float = 60.0,
        page_size: int | None = None,
        window: str | None = None,
        asset: Asset | None = None,
        reader: str = "default",
        **kwargs: Any,
    ) -> None:
        if asset is not None:
            # As an outlet it would start a DAG again that is scheduled on it.
            place = "inlets" if window else "outlets"
            kwargs[place] = [*(kwargs.get(place) or []), asset]
        super().__init__(**kwargs)
        self.entity = entity
        self.target = target
        self.include = include
        self.fields = fields
        self.filters = filters
        self.since = since
        self.until = until
        self.watermark = watermark
        self.settle = settle
        self.page_size = page_size
        self.window = window
        self.asset = asset
        self.reader = reader

    def execute(self, context: Context) -> Manifest:
        from oro_provider.extract.reader import Extract, extract, wait_until_settled

        if self.window is not None:
            return self._extract_news(context)
        window = resolve_window(context, self.since, self.until)
        with airflow_errors():
            entity = entity_argument(self.entity)
            spec = Extract(
                entity=entity,
                window=window,
                watermark=self.watermark,
                include=tuple(self.include),
                fields=tuple(self.fields),
                filters=self.filters or {},
                page_size=self.page_size,
            )
            folder = path_of(self.target) / entity.type / window.folder

        async def job(client: Any) -> Manifest:
            await wait_until_settled(client, entity, window, self.settle)
            return await extract(client, spec, folder)

        manifest = self.work(job)
        self.log.info("Read %s %s of %s into %s", manifest["count"], entity.type, window, manifest["path"])
        if self.asset is not None:
            describe_event(context, self.asset, manifest)
        return manifest

    def _extract_news(self, context: Context) -> Manifest:
        from oro_provider.extract.reader import Extract
        from oro_provider.operators.news import POSITION_KEY, extract_news, stored_position

        with airflow_errors():
            if self.window != "watermark":
                raise ValueError(f'window {self.window!r} should be "watermark", or left out')
            if self.filters:
                raise ValueError("the watermark passes all orders: filter them where they are handed over")
            position = stored_position(context, self.asset, self.reader)
            entity, target = entity_argument(self.entity), path_of(self.target)
            parts = {"include": tuple(self.include), "fields": tuple(self.fields), "page_size": self.page_size}
            spec = Extract(entity=entity, **parts)  # type: ignore[arg-type]  # the values have three types
        manifest, after = self.work(lambda client: extract_news(client, spec, target, position, self.since))
        context["ti"].xcom_push(key=POSITION_KEY, value=after.to_json())
        self.log.info("Read %s new or changed orders into %s", manifest["count"], manifest["path"])
        return manifest


class OroCommerceExtractOrdersOperator(OroCommerceExtractOperator):
    """Reads the orders that were changed in a window (`OroCommerceExtractOperator` with `entity="orders"`).

    `orderSubtotals` are left out unless they are named in `include`: the store computes them anew for each order.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "orders"
        super().__init__(**kwargs)
