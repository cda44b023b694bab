"""What a failed call means to Airflow: whether the task is tried again. The one place where our errors become Airflow's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from oro_provider.version_compat import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Iterator


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
