"""What a failed call means to Airflow: whether and when the task is tried again. The one place where our errors become Airflow's."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from oro_provider.version_compat import AIRFLOW_V_3_3_PLUS, AirflowException, AirflowFailException, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import Context, RetryDecision

    from oro_provider.api.errors import OroCommerceError

# Who asks for more is a gateway that closed for the day: the task looks again meanwhile.
LONGEST_DELAY = timedelta(hours=1)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turn the errors of a store, of a connection and of a task's arguments into Airflow's.

    What only a person can mend fails the task for good; anything else may be retried.
    """
    from oro_provider.api.errors import OroCommerceError

    try:
        yield
    except OroCommerceError as error:
        kind = AirflowFailException if error.permanent else AirflowException
        raise kind(str(error)) from error
    except ValueError as error:  # a connection's field, a window, a filter: it is as wrong the next time
        raise AirflowFailException(str(error)) from error


class OroCommerceRetryPolicy(RetryPolicy):
    """Decides by what the store said whether a task is tried again, and when (Airflow 3.3).

    The store's Retry-After becomes the delay, so that a limit of minutes holds no worker. What will not heal fails at once: a 401
    after the re-login, 403, 404, input that the store refuses. Anything else is left to the task's `retry_delay`. For
    `default_args={"retry_policy": OroCommerceRetryPolicy()}`, or a task's `retry_policy`: our operators, and tasks of your own
    that call the hook.

    Before 3.3 Airflow passes `retry_policy` in `default_args` over (a task refuses it as an argument); the policy says so in the log when
    it is made, and tasks keep their `retry_delay`. Our operators fail at once on what will not heal in every version.

    :param longest: the longest delay that a store may ask for; a longer one becomes this.
    """

    def __init__(self, longest: timedelta = LONGEST_DELAY) -> None:
        self.longest = longest
        if not AIRFLOW_V_3_3_PLUS:
            logging.getLogger(__name__).warning(
                "OroCommerceRetryPolicy has no effect before Airflow 3.3: tasks are retried after their retry_delay."
            )

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Return what Airflow should do about a failure; the reason stands in the task's log and on its page."""
        from airflow.sdk import RetryDecision

        error = store_error(exception)
        if error is None:
            return RetryDecision.default()
        if error.permanent:
            return RetryDecision.fail(f"it will not heal by itself: {error}")
        if error.retry_after is None:
            return RetryDecision.default()
        delay = min(timedelta(seconds=error.retry_after), self.longest)
        return RetryDecision.retry(delay, f"the store asks to wait for {error.retry_after:g} s")

    def serialize(self) -> dict[str, Any]:
        """Return the policy as JSON."""
        return {"longest": self.longest.total_seconds()}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> OroCommerceRetryPolicy:
        """Return the policy that was serialized."""
        return cls(timedelta(seconds=data["longest"]))


def store_error(exception: BaseException | None) -> OroCommerceError | None:
    """Return the store's error that an exception is or came from, None where there is none."""
    from oro_provider.api.errors import OroCommerceError

    while exception is not None and not isinstance(exception, OroCommerceError):
        exception = exception.__cause__
    return exception
