"""The retry policy: what it makes of each failure, and that a real run of a task obeys it."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider import retry
from oro_provider.api import errors
from oro_provider.retry import OroCommerceRetryPolicy, airflow_errors
from oro_provider.version_compat import AIRFLOW_V_3_3_PLUS

if TYPE_CHECKING:
    from collections.abc import Callable

    from oro_provider.sandbox.server import RunningStore

needs_policies = pytest.mark.capability("retry_policy")


def raised(error: Exception) -> BaseException:
    """Return what a task sees of an error of ours."""
    with pytest.raises(Exception) as caught, airflow_errors():  # noqa: PT011 - of several kinds
        raise error
    return caught.value


@needs_policies
@pytest.mark.parametrize(
    ("exception", "action", "delay"),
    [
        (errors.RateLimited("429", retry_after=77), "retry", timedelta(seconds=77)),
        (errors.ServerError("503", retry_after=120), "retry", timedelta(minutes=2)),
        (errors.RateLimited("429", retry_after=86_400), "retry", timedelta(hours=1)),
        (errors.RateLimited("429"), "default", None),
        (errors.ServerError("502"), "default", None),
        (errors.ConnectionFailed("no route"), "default", None),
        (errors.Maintenance("closed"), "default", None),
        (errors.OutcomeUnknown("lost"), "default", None),
        (errors.AuthenticationFailed("401"), "fail", None),
        (errors.PermissionDenied("403"), "fail", None),
        (errors.NotFound("404"), "fail", None),
        (errors.InvalidRequest("400"), "fail", None),
        (RuntimeError("ours is none of these"), "default", None),
    ],
)
@pytest.mark.parametrize("by", ["a hook", "an operator"])
def test_a_failure_is_retried_as_the_store_says(
    exception: Exception, action: str, delay: timedelta | None, by: str
) -> None:
    seen = exception if by == "a hook" or isinstance(exception, RuntimeError) else raised(exception)
    decision = OroCommerceRetryPolicy().evaluate(seen, 1, 3)
    assert (decision.action.value, decision.retry_delay) == (action, delay)
    assert (decision.reason is None) == (action == "default")


@needs_policies
def test_a_policy_is_stored_and_read() -> None:
    policy = OroCommerceRetryPolicy(longest=timedelta(minutes=5))
    assert OroCommerceRetryPolicy.deserialize(policy.serialize()).longest == timedelta(minutes=5)


def test_an_airflow_without_policies_is_told_once_made(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retry, "AIRFLOW_V_3_3_PLUS", False)
    with caplog.at_level(logging.WARNING):
        OroCommerceRetryPolicy()
    assert "no effect before Airflow 3.3" in caplog.text


# A task that keeps to its own delay would be tried again in an hour, which is longer than a test may take.
TASKS = """
with dag:
    OroCommerceGetOperator(
        task_id="get", entity="orders", id="7", fields={"orders": ["identifier"]},
        retries=2, retry_delay=timedelta(hours=1), retry_policy=OroCommerceRetryPolicy(longest=timedelta(seconds=1)),
    )
"""


@needs_policies
def test_a_task_is_tried_again_when_the_store_said(write_dag: Callable[[str], Any], connection: RunningStore) -> None:
    dag = write_dag(TASKS)
    connection.fail("429", path="/admin/api/orders/7", times=1, retry_after=600)
    began = time.monotonic()
    run = dag.test()
    (instance,) = run.get_task_instances()
    assert (run.state, instance.try_number) == ("success", 2)
    assert time.monotonic() - began < 60


OWN_TASK = """
dag.default_args = {"retry_policy": OroCommerceRetryPolicy(), "retries": 2, "retry_delay": timedelta(hours=1)}
with dag:
    @task
    def own() -> None:
        OroCommerceHook().get("orders", "999999")

    own()
"""


@needs_policies
def test_a_task_of_ones_own_fails_at_once_on_what_will_not_heal(write_dag: Callable[[str], Any]) -> None:
    run = write_dag(OWN_TASK).test()
    (instance,) = run.get_task_instances()
    assert (run.state, instance.try_number) == ("failed", 1)


def test_default_args_with_a_policy_are_no_error_on_any_airflow(write_dag: Callable[[str], Any]) -> None:
    own = write_dag(OWN_TASK).get_task("own")
    assert isinstance(getattr(own, "retry_policy", None), OroCommerceRetryPolicy) == AIRFLOW_V_3_3_PLUS
