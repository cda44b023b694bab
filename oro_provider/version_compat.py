"""Which Airflow this is, as flags named after the release that brought a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from airflow import __version__ as airflow_version
from airflow.sdk.exceptions import AirflowRuntimeError
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# A pre-release counts as its release: 3.2.0rc1 has what 3.2 has.
RELEASE = Version(airflow_version).release

AIRFLOW_V_3_2_PLUS: bool = RELEASE >= (3, 2)
AIRFLOW_V_3_3_PLUS: bool = RELEASE >= (3, 3)

if TYPE_CHECKING or AIRFLOW_V_3_2_PLUS:
    from airflow.sdk import conf
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )
else:
    from airflow.configuration import conf
    from airflow.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )


if TYPE_CHECKING or AIRFLOW_V_3_3_PLUS:
    from airflow.sdk import RetryPolicy
else:
    RetryPolicy = object


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function that may ask the supervisor for something beside the event loop, and return what it returns.

    In a thread of asgiref's and not of asyncio's: Airflow 3.1's triggerer brings what such a thread asks back to its own loop by
    asgiref only; from any other thread the answers get mixed up, which ends the triggerer.
    """
    from asgiref.sync import sync_to_async

    return await sync_to_async(function, thread_sensitive=False)(*arguments)


def metrics() -> Any:
    """Return what counts and gauges go to; a module since Airflow 3.3, a class before."""
    if AIRFLOW_V_3_3_PLUS:
        from airflow.sdk.observability import stats

        return stats
    if AIRFLOW_V_3_2_PLUS:
        from airflow.sdk.observability.stats import Stats
    else:
        from airflow.stats import Stats
    return Stats


__all__ = [
    "AIRFLOW_V_3_2_PLUS",
    "AIRFLOW_V_3_3_PLUS",
    "RELEASE",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowRuntimeError",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "RetryPolicy",
    "conf",
    "in_thread",
    "metrics",
]
