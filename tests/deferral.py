"""What a task raises to defer itself, from where this Airflow has it."""

from __future__ import annotations

from oro_provider.version_compat import AIRFLOW_V_3_2_PLUS

if AIRFLOW_V_3_2_PLUS:
    from airflow.sdk.exceptions import TaskDeferred
else:
    from airflow.exceptions import TaskDeferred

__all__ = ["TaskDeferred"]
