"""The pair of tokens of a login by browser, in an Airflow Variable: encrypted in the database, seen by every worker and triggerer.

A Variable and no connection, because a task cannot write a connection; its name holds `token`, so Airflow masks its value.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import replace
from typing import Any

from oro_provider.api.grants import Grant, GrantStoreError

_LONGEST_NAME = 200  # of the 250 that Airflow allows
_DESCRIPTION = (
    "OAuth tokens of an orocommerce connection, rotated by its tasks: do not edit (airflow orocommerce login)"
)


def variable_of(conn_id: str) -> str:
    """Return the name of the Variable that holds a connection's tokens."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "-", conn_id)[:_LONGEST_NAME]
    if plain != conn_id:
        # An id may hold `#` and `/`, which the task's way to the API server would take for parts of a URL.
        plain = f"{plain}-{hashlib.sha256(conn_id.encode()).hexdigest()[:12]}"
    return f"orocommerce_token__{plain}"


class VariableGrants:
    """Keeps the pair of one connection."""

    def __init__(self, conn_id: str) -> None:
        self.variable = variable_of(conn_id)

    def read(self) -> Grant | None:
        """Return the pair that Airflow gives; `read_only` where it comes from a place that is not written to."""
        text = self._get()
        return None if text is None else replace(Grant.decode(text), read_only=self.shadowed())

    def keep(self, grant: Grant) -> None:
        """Put a pair in the place of the one before it."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            _variable().set(self.variable, grant.encode(), description=_DESCRIPTION)
        except (_comms_error(), SQLAlchemyError, OSError) as error:
            raise GrantStoreError(
                f"the Variable {self.variable!r} could not be written ({type(error).__name__})"
            ) from None

    def shadowed(self) -> str:
        """Say what stands before the Variable in Airflow's look-up, or "": a new pair would be written and never read."""
        name = f"AIRFLOW_VAR_{self.variable.upper()}"
        if name in os.environ:
            return f"it comes from the environment variable {name}, where no new pair can be put: unset it and log in again"
        if _in_task():
            return ""
        from airflow.secrets.metastore import MetastoreBackend

        given = self._get()
        while True:
            # Another process may write between the two, and never what was there before.
            stored, before, given = MetastoreBackend().get_variable(key=self.variable), given, self._get()
            if stored in {before, given}:
                return ""
            if before == given:
                return (
                    f"a secrets backend gives the Variable {self.variable!r} before Airflow's database is asked, and no new pair "
                    "can be put there: delete it there and log in again"
                )

    def _get(self) -> str | None:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            text: str | None = _variable().get(self.variable, None)
        except (_comms_error(), SQLAlchemyError, OSError) as error:
            # Not the error itself: it may hold the value.
            raise GrantStoreError(
                f"the Variable {self.variable!r} could not be read ({type(error).__name__})"
            ) from None
        return text


def _in_task() -> bool:
    """Whether a supervisor speaks to Airflow for this process, as for tasks and triggers; as `airflow.models` decides it."""
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return getattr(runner, "SUPERVISOR_COMMS", None) is not None


def _variable() -> Any:
    # The task SDK's Variable can only be written where a supervisor is; the database's only where none is.
    if _in_task():
        from airflow.sdk import Variable

        return Variable
    from airflow.models.variable import Variable as StoredVariable

    return StoredVariable


def _comms_error() -> type[Exception]:
    from airflow.sdk.exceptions import AirflowRuntimeError

    return AirflowRuntimeError
