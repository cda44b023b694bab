"""Operators as a DAG's tasks run them, without an Airflow around: rendered, executed, deferred and resumed."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.deferral import TaskDeferred

if TYPE_CHECKING:
    from collections.abc import Callable

DEFERRALS = 20


def context(operator: Any, *, try_number: int = 1) -> Any:
    """What a task is given; `pushed` is what it puts into XCom."""
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="shop", task_id=operator.task_id, run_id="run", map_index=-1, try_number=try_number, max_tries=2, pushed=pushed,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )  # fmt: skip
    operator.retries = 2
    return {"ti": ti, "task": operator}


def rendered(operator: Any, **more: Any) -> tuple[Any, Any]:
    """Return an operator as it is when its templates are rendered, and its context."""
    given = context(operator, **more)
    operator.render_template_fields(given)
    return operator, given


def execute(operator: Any, **more: Any) -> Any:
    operator, given = rendered(operator, **more)
    return operator.execute(given)


def through_deferrals(make: Callable[[], Any], **more: Any) -> tuple[Any, int, Any]:
    """Run a task that defers itself until it ends, each time as a worker does: anew, from what the trigger was stored as.

    Return what it returned, how often it left its worker, and its last context. What it raises is raised.
    """
    operator, given = rendered(make(), **more)
    step: Callable[[], Any] = lambda: operator.execute(given)  # noqa: E731 - the first of several
    for deferrals in range(DEFERRALS):
        try:
            return step(), deferrals, given
        except TaskDeferred as deferred:
            trigger, method, kwargs = deferred.trigger, deferred.method_name, deferred.kwargs or {}
        stored = json.loads(json.dumps(trigger.serialize()[1]))
        event = asyncio.run(_event(type(trigger)(**stored)))
        operator, given = rendered(make(), **more)
        step = _resumed(operator, method, given, event, kwargs)
    raise AssertionError(f"the task has deferred itself {DEFERRALS} times")


def _resumed(operator: Any, method: str, given: Any, event: Any, kwargs: Any) -> Callable[[], Any]:
    return lambda: getattr(operator, method)(given, event=event, **kwargs)


async def _event(trigger: Any) -> Any:
    return (await anext(trigger.run())).payload
