"""The sensor for new orders."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from oro_provider.retry import airflow_errors
from oro_provider.version_compat import AirflowException, AirflowFailException, AirflowSkipException, conf
from oro_provider.windows import moment, resolve_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from airflow.sdk import Context

    from oro_provider.extract.new_orders import FoundOrders, Look, NewOrders


class OroCommerceNewOrdersSensor(BaseSensorOperator):
    """Waits until orders were made, and returns them as `FoundOrders`; their `ids` are for mapping.

    It looks at orders made from `since` on, or, without `since`, in the run's data interval. An interval that is over
    without an order skips the task, so that a backfill never waits for the future. The first look is made on the worker.

    :param since: start of what to look at, a moment or ISO 8601; the data interval's by default. (templated)
    :param until: its end, excluded; none with `since` means that there is no end. (templated)
    :param filters: filters of orders by name: `{"internalStatus": "open"}`. (templated)
    :param min_orders: how many orders make a find.
    :param max_ids: how many orders are returned at most; `truncated` and `until` tell where the rest begins.
    :param deferrable: wait in the triggerer rather than on a worker.
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "since", "until", "filters")
    template_fields_renderers = {"filters": "json"}  # noqa: RUF012 - Airflow's form
    ui_color = "#fde3c8"

    def __init__(
        self,
        *,
        since: Any = None,
        until: Any = None,
        filters: Mapping[str, Any] | None = None,
        min_orders: int = 1,
        max_ids: int = 1000,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        orocommerce_conn_id: str = "orocommerce_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.since = since
        self.until = until
        self.filters = filters
        self.min_orders = min_orders
        self.max_ids = max_ids
        self.deferrable = deferrable
        self.orocommerce_conn_id = orocommerce_conn_id

    def execute(self, context: Context) -> Any:
        """Wait for orders: here, or after the first look in the triggerer."""
        if not self.deferrable:
            return super().execute(context)
        look = self._look(context)
        if look.found is not None or look.over:
            return self._result(look.found)
        from oro_provider.triggers.orders import OroCommerceNewOrdersTrigger

        since, until = self._bounds(context)
        self.defer(
            trigger=OroCommerceNewOrdersTrigger(
                orocommerce_conn_id=self.orocommerce_conn_id,
                since=since.isoformat(),
                until=until.isoformat() if until else None,
                filters=self.filters or {},
                min_orders=self.min_orders,
                max_ids=self.max_ids,
                poll_interval=self.poke_interval,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )
        return None  # not reached: `defer` leaves by an exception

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> FoundOrders:
        """Take what the trigger found; an event that is none of ours fails the task."""
        status = event.get("status") if event else None
        if event is None or status not in {"found", "over", "error"}:
            raise AirflowFailException(f"The trigger sent {event!r}, which is no event of new orders.")
        if status == "error":
            raise (AirflowFailException if event.get("permanent") else AirflowException)(str(event.get("message")))
        return self._result(event.get("found"))

    def poke(self, context: Context) -> PokeReturnValue | bool:
        """Look once."""
        look = self._look(context)
        if look.found is None and not look.over:
            return False
        return PokeReturnValue(is_done=True, xcom_value=self._result(look.found))

    def _look(self, context: Context) -> Look:
        from oro_provider.extract.new_orders import look
        from oro_provider.hooks.orocommerce import OroCommerceHook

        async def run() -> Look:
            async with hook.async_client as client:
                return await look(client, wanted)

        with airflow_errors():
            wanted = self._wanted(context)
            hook = OroCommerceHook(self.orocommerce_conn_id)
            hook.client.token()
            return asyncio.run(run())

    def _wanted(self, context: Context) -> NewOrders:
        from oro_provider.extract.new_orders import NewOrders

        since, until = self._bounds(context)
        return NewOrders(since, until, self.filters or {}, self.min_orders, self.max_ids)

    def _bounds(self, context: Context) -> tuple[datetime, datetime | None]:
        since = moment(self.since, "since")
        if since is not None and not self.until:
            return since, None
        window = resolve_window(context, self.since, self.until)
        return window.since, window.until

    def _result(self, found: FoundOrders | None) -> FoundOrders:
        if found is None:
            raise AirflowSkipException("The window is over, and no order was made in it.")
        self.log.info("Found %s orders up to %s", found["count"], found["until"])
        return found
