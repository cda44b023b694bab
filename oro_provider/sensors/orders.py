"""The sensor for new orders, and the one for an order's status."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from oro_provider.arguments import one_of, several
from oro_provider.sensors.store import StoreSensor, filters_argument
from oro_provider.version_compat import AirflowFailException, conf
from oro_provider.watermarks import READER, Watermark, is_past_run
from oro_provider.windows import CURES, moment, resolve_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Asset, Context
    from airflow.triggers.base import BaseTrigger

    from oro_provider.extract.new_orders import NewOrders
    from oro_provider.extract.position import Position


class OroCommerceNewOrdersSensor(StoreSensor):
    """Waits until orders were made, and returns them as `FoundOrders`; their `ids` are for mapping.

    It looks for orders made since `since` (or with ids above `after_id`); without these in the run's data interval or partition,
    and where the run has none, for those that the `asset`'s watermark has not passed. New orders are known by their ids, so
    those that carry a date in the past are found too; in an interval they are known by their date. An interval is looked at whole,
    `settle` after its end by the store's clock; without an order it skips the task. A backfill never waits for the future. The
    first look is made on the worker.

    :param since: start of what to look at, a moment or ISO 8601. (templated)
    :param until: its end, excluded; none with `since` means that there is no end. Such a window is not waited for to its end: the
        first `min_orders` in it are a find. (templated)
    :param after_id: look for orders with higher ids than this: `last_id` of an earlier find. (templated)
    :param filters: filters of orders by name: `{"internalStatus": "open", "customer": 7}`. (templated)
    :param changed: look for orders that were made or changed, by `updatedAt` (stores from 6.0.5).
    :param min_orders: how many orders make a find.
    :param max_ids: how many orders are returned at most, by default as many as Airflow maps over; `truncated` says that there
        are more, and `last_id` where they begin.
    :param asset: the asset whose watermark says from where to look (`orders_asset()`); it becomes an inlet of the task.
    :param reader: whose watermark it is, where an asset has several readers.
    :param overlap: seconds after its id was given in which an order may be committed and still be found.
    :param settle: seconds after the end of the run's interval, by the store's clock, before it is looked at, so that orders which are
        committed late are not missed: no other run looks at it again.
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "since", "until", "after_id", "filters")
    template_fields_renderers = {"filters": "json"}  # noqa: RUF012 - Airflow's form
    nothing = "The window is over, and no order was made in it."

    def __init__(
        self,
        *,
        since: Any = None,
        until: Any = None,
        after_id: int | str | None = None,
        filters: Mapping[str, Any] | None = None,
        changed: bool = False,
        min_orders: int = 1,
        max_ids: int | None = None,
        asset: Asset | None = None,
        reader: str = READER,
        overlap: float = 120.0,
        settle: float = 60.0,
        **kwargs: Any,
    ) -> None:
        if asset is not None:
            kwargs["inlets"] = [*(kwargs.get("inlets") or []), asset]
        super().__init__(**kwargs)
        self.since = since
        self.until = until
        self.after_id = after_id
        self.filters = filters
        self.changed = changed
        self.min_orders = min_orders
        self.max_ids = max_ids
        self.asset = asset
        self.reader = reader
        self.overlap = overlap
        self.settle = settle
        self._position: Position | None = None

    def look(self, context: Context) -> tuple[Any, bool]:
        """Look once."""
        from oro_provider.api.query import timestamp
        from oro_provider.extract.new_orders import look

        self._position = None
        wanted = self._wanted(context)
        seen = self.ask(lambda client: look(client, wanted))
        if wanted.until is not None and seen.now < wanted.until and is_past_run(context):
            raise AirflowFailException(
                f"The window ends in the future ({timestamp(wanted.until)}): it is {timestamp(seen.now)} at the store, and a "
                "backfill does not wait. Run it again when the window is over."
            )
        self._position = seen.position
        return seen.found, seen.over

    def told(self, found: Any) -> str:
        return f"Found {found['count']} orders up to {found['until']} (order {found['last_id']})"

    def trigger(self, context: Context, deadline: str) -> BaseTrigger:
        from oro_provider.triggers.orders import OroCommerceNewOrdersTrigger

        wanted = self._wanted(context)
        return OroCommerceNewOrdersTrigger(
            orocommerce_conn_id=self.orocommerce_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
            since=wanted.since.isoformat() if wanted.since else None,
            until=wanted.until.isoformat() if wanted.until else None,
            after_id=wanted.after_id,
            watermark=wanted.position.to_json() if wanted.position else None,
            position=self._position.to_json() if self._position else None,
            filters=wanted.filters,
            min_orders=self.min_orders,
            max_ids=wanted.max_ids,
            changed=self.changed,
            overlap=self.overlap,
            settle=wanted.settle.total_seconds() if wanted.settle is not None else None,
        )

    def _wanted(self, context: Context) -> NewOrders:
        from oro_provider.extract.new_orders import NewOrders

        if self.min_orders < 1:
            raise AirflowFailException(f"min_orders is {self.min_orders}: a find has at least one order")
        mapped = conf.getint("core", "max_map_length", fallback=1024)
        wanted = NewOrders(
            filters=filters_argument(self.filters, "orders"),
            changed=self.changed,
            min_orders=self.min_orders,
            max_ids=min(self.max_ids or mapped, mapped),
            overlap=timedelta(seconds=self.overlap),
        )
        after_id = str(self.after_id if self.after_id is not None else "").strip()
        if after_id not in {"", "None"}:
            if not after_id.isdigit():
                raise AirflowFailException(f"after_id {after_id!r} is no id of an order")
            return replace(wanted, after_id=int(after_id))
        since, until = moment(self.since, "since"), moment(self.until, "until")
        if since is not None and until is None:
            return replace(wanted, since=since)
        explicit = since is not None or until is not None
        if self.asset is not None and not explicit and not _has_window(context):
            return replace(wanted, position=self._watermark(context, self.asset))
        window = resolve_window(context, since, until)
        settle = None if explicit else timedelta(seconds=self.settle)
        return replace(wanted, since=window.since, until=window.until, settle=settle)

    def _watermark(self, context: Context, asset: Asset) -> Position:
        if is_past_run(context):
            raise AirflowFailException(f"A backfill does not look from the watermark. {CURES}")
        position = Watermark(asset, self.reader).read(context)
        if position is None:
            raise AirflowFailException(
                f"{asset.name} has no watermark yet, so there is no moment to look from: give since=, or advance it first."
            )
        return replace(position, overlap=timedelta(seconds=self.overlap))


def _has_window(context: Context) -> bool:
    """Whether the run has a window of its own: an interval, or a partition."""
    try:
        resolve_window(context)
    except AirflowFailException:
        return False
    return True


class OroCommerceOrderStatusSensor(StoreSensor):
    """Waits until an order has one of these statuses, and returns `{"id", "identifier", "internal_status", "shipping_status"}`.

    Stores before 6.1 do not show the statuses of orders, and an order that does not exist will not get one: both fail the task
    with the reason.

    :param order: the order's identifier, or with `by="id"` its id. (templated)
    :param internal_status: internal statuses to wait for: `["closed", "archived"]`. (templated)
    :param shipping_status: shipping statuses to wait for: `["shipped"]`. (templated)
    :param by: `"identifier"` or `"id"`.
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "order", "internal_status", "shipping_status")

    def __init__(
        self,
        *,
        order: str,
        internal_status: Sequence[str] = (),
        shipping_status: Sequence[str] = (),
        by: str = "identifier",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.order = order
        self.internal_status = internal_status
        self.shipping_status = shipping_status
        self.by = one_of(by, ("identifier", "id"), "by")

    def look(self, context: Context) -> tuple[Any, bool]:
        """Look once."""
        from oro_provider.extract.order_status import order_status

        wanted = self._wanted()
        return self.ask(lambda client: order_status(client, wanted)), False

    def told(self, found: Any) -> str:
        return f"Order {found['identifier']} is {found['internal_status']}, {found['shipping_status'] or 'not shipped'}"

    def trigger(self, context: Context, deadline: str) -> BaseTrigger:
        from oro_provider.triggers.records import OroCommerceOrderStatusTrigger

        return OroCommerceOrderStatusTrigger(
            orocommerce_conn_id=self.orocommerce_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
            **self._wanted().to_json(),
        )

    def _wanted(self) -> Any:
        from oro_provider.extract.order_status import WantedStatus

        internal = several(self.internal_status, "internal_status")
        return WantedStatus(str(self.order), self.by, internal, several(self.shipping_status, "shipping_status"))
