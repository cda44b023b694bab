"""What every sensor of ours has in common: one look at the store, made on the worker first, then there or in the triggerer."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from oro_provider.arguments import Templated, mapping
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    conf,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from oro_provider.api.async_client import AsyncOroClient

T = TypeVar("T")

STATUSES = frozenset({"found", "over", "timeout", "error"})


class StoreSensor(Templated, BaseSensorOperator):
    """A sensor on the store of a connection.

    What only a person can mend (credentials, permissions, a filter that the store refuses) ends the wait at once; a store that is
    busy, broken or closed for maintenance is waited for, as long as `timeout` allows. Waits in a worker (`mode="poke"`),
    between short tasks (`mode="reschedule"`) or in the triggerer (`deferrable=True`).

    :param deferrable: wait in the triggerer rather than on a worker; `[operators] default_deferrable` by default.
    :param orocommerce_conn_id: the connection. (templated)
    """

    ui_color = "#fde3c8"
    # What a wait is told that ends without a find.
    nothing = "There is nothing to wait for."

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        orocommerce_conn_id: str = "orocommerce_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.orocommerce_conn_id = orocommerce_conn_id
        self._asked_to_wait = 0.0

    @abstractmethod
    def look(self, context: Context) -> tuple[Any, bool]:
        """Look once: what was found, or None, and whether there will be nothing any more."""

    @abstractmethod
    def trigger(self, context: Context, deadline: str) -> BaseTrigger:
        """Return the trigger that goes on waiting after a look that found nothing."""

    def told(self, found: Any) -> str:
        """Say in a line what was found."""
        return f"Found {found['count']}"

    def execute(self, context: Context) -> Any:
        """Wait: here, or after the first look in the triggerer."""
        if not self.deferrable:
            return super().execute(context)
        with self._softly():
            done = self.poke(context)
        if isinstance(done, PokeReturnValue):
            return done.xcom_value
        deadline = datetime.now(timezone.utc) + timedelta(seconds=self.timeout)
        self.defer(
            trigger=self.trigger(context, deadline.isoformat()),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )
        return None  # not reached: `defer` leaves by an exception

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """Take what the trigger found; an event that is none of ours fails the task."""
        status = event.get("status") if isinstance(event, dict) else None
        if event is None or status not in STATUSES:
            raise AirflowFailException(f"The trigger sent {event!r}, which is no event of {type(self).__name__}.")
        if status == "error":
            raise AirflowFailException(str(event.get("message")))
        if status == "timeout":
            raise AirflowSensorTimeout(f"{event.get('message')} (timeout: {self.timeout:g} s)")
        return self._result(event.get("found"))

    def poke(self, context: Context) -> PokeReturnValue | bool:
        """Look once. A failure that may heal is a look that found nothing."""
        from oro_provider.api.errors import OroCommerceError

        self._asked_to_wait = 0.0
        with airflow_errors():
            try:
                found, over = self.look(context)
            except OroCommerceError as error:
                if error.permanent:
                    raise
                self._asked_to_wait = max(error.retry_after or 0.0, 2 * self.poke_interval)
                self.log.warning("The look failed and will be tried again: %s", error)
                return False
        if found is None and not over:
            return False
        return PokeReturnValue(is_done=True, xcom_value=self._result(found))

    def ask(self, job: Callable[[AsyncOroClient], Awaitable[T]]) -> T:
        """Run a job with a client that sends each request once: a sensor comes again anyway."""
        from airflow.sdk.log import mask_secret

        from oro_provider.api.client import OroClient
        from oro_provider.api.exchange import Retries
        from oro_provider.hooks.orocommerce import OroCommerceHook
        from oro_provider.triggers.polling import polling_client

        hook = OroCommerceHook(self.orocommerce_conn_id)
        # Before there is a loop: the token is masked.
        with OroClient(hook.settings, retries=Retries(attempts=1), on_token=mask_secret, grants=hook.grants) as client:
            client.token()

        async def run() -> T:
            async with polling_client(hook) as client:
                return await job(client)

        return asyncio.run(run())

    def _get_next_poke_interval(self, started_at: Any, run_duration: Callable[[], float], poke_count: int) -> float:
        """Return Airflow's interval with a jitter, or the longer one that the store asked for, which ends with the `timeout`."""
        from oro_provider.triggers.polling import LONGEST_ASKED, jittered

        interval: float = super()._get_next_poke_interval(started_at, run_duration, poke_count)
        left = max(self.timeout - run_duration(), 0.0)
        return max(jittered(interval), min(self._asked_to_wait, LONGEST_ASKED, left))

    def _result(self, found: Any) -> Any:
        if found is None:
            raise AirflowSkipException(self.nothing)
        self.log.info("%s", self.told(found))
        return found

    @contextmanager
    def _softly(self) -> Iterator[None]:
        """Skip rather than fail where that was asked for, as Airflow does for a look in a worker."""
        try:
            yield
        except AirflowSkipException:
            raise
        except AirflowException as error:
            if self.soft_fail or self.never_fail:
                which = "soft_fail" if self.soft_fail else "never_fail"
                raise AirflowSkipException(f"Skipping due to {which} is set to True. {error}") from error
            raise


def filters_argument(given: Any, resource: str) -> dict[str, str]:
    """Return the filters of a resource that an argument stands for, in the store's spelling.

    A look takes the same ones as a trigger, which is stored with plain values only: Airflow's triggerer ends, with all that it waits
    for, on a value that it cannot read back (3.3). Raise `ValueError` for what is none, and for one that a store would answer wrongly.
    """
    from oro_provider.api.query import filter_value
    from oro_provider.extract.spec import check_filter

    filters = mapping(given, "filters")
    for path, value in filters.items():
        check_filter(resource, path, value)
    return {path: filter_value(value) for path, value in filters.items()}
