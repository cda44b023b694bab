"""Which Airflow this is, as flags named after the release that brought a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow import __version__ as airflow_version
from packaging.version import Version

# A pre-release counts as its release: 3.2.0rc1 has what 3.2 has.
_RELEASE = Version(airflow_version).release

AIRFLOW_V_3_2_PLUS: bool = _RELEASE >= (3, 2)
AIRFLOW_V_3_3_PLUS: bool = _RELEASE >= (3, 3)

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


def metrics() -> Any:
    """Return what counts and gauges go to; a module since Airflow 3.2, a class before."""
    if AIRFLOW_V_3_2_PLUS:
        from airflow.sdk.observability import stats

        return stats
    from airflow.stats import Stats

    return Stats


__all__ = [
    "AIRFLOW_V_3_2_PLUS",
    "AIRFLOW_V_3_3_PLUS",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "conf",
    "metrics",
]
