"""A real Airflow with a home of its own: API server, scheduler, DAG processor and triggerer as separate processes.

Used as a context manager it leaves nothing running, whatever happens inside; `keep()` lets it live on for `left_over`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from demo import environment
from demo.api import AirflowApi
from demo.processes import TAIL, Processes, left_over

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date
    from types import TracebackType

    from typing_extensions import Self

    from demo.api import Document

# The API server takes longest to come up and goes first.
COMPONENTS = {
    "api-server": ("api-server", "--workers", "1", "--host", "127.0.0.1"),
    "scheduler": ("scheduler",),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer",),
}
T = TypeVar("T")

MIGRATION = 120.0  # seconds
POLL = 0.3  # seconds


class AirflowStack:
    """Airflow in `home`, which is emptied first, with the DAGs of `dags_folder`.

    `env` is added to the environment of every component: connections, and what the DAG files read when parsed.
    `database` is a SQLAlchemy URL; without one it is a SQLite file in the home. `progress` is told, in a few words, what
    has been reached. Seconds are wall time.
    """

    def __init__(
        self,
        home: Path,
        dags_folder: Path,
        env: Mapping[str, str],
        *,
        database: str | None = None,
        progress: Callable[[str], None] = lambda _: None,
        deadline: float = 180.0,
        grace: float = 15.0,
    ) -> None:
        self.home = home.resolve()
        self.dags_folder = dags_folder.resolve()
        self.database = database or f"sqlite:///{self.home / 'airflow.db'}?timeout=60"
        self.processes = Processes(self.home)
        self._own = env
        self._progress = progress
        self._deadline = deadline
        self._grace = grace
        self._kept = False

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or not self._kept:
            self._progress("Airflow: stopping")
            self.stop()

    def _start(self) -> None:
        empty(self.home)
        ports = environment.Ports.free()
        self.env = environment.airflow(self.home, self.dags_folder, ports, self.database, self._own)
        self.api = AirflowApi(f"http://127.0.0.1:{ports.api}")
        began = time.monotonic()
        self._airflow("db-migrate", "db", "migrate", timeout=MIGRATION)
        self._progress(f"Airflow: metadata database made in {time.monotonic() - began:.0f} s")
        for name, command in COMPONENTS.items():
            self.processes.start(name, self._command(*command), self.env)
        self._wait_healthy(began, datetime.now(timezone.utc))

    def _wait_healthy(self, began: float, since: datetime) -> None:
        seen: set[str] = set()
        while time.monotonic() - began < self._deadline:
            self.processes.check()
            health = self.api.health(since)
            healthy = {name for name, well in health.items() if well}
            for name in sorted(healthy - seen):
                self._progress(f"Airflow: {name.replace('_', ' ')} healthy after {time.monotonic() - began:.0f} s")
            seen |= healthy
            if all(health.values()):
                return
            time.sleep(POLL)
        late = "\n".join(f"{name} ends:\n{self.processes.tail(name)}" for name in COMPONENTS)
        raise TimeoutError(f"Airflow is not healthy after {self._deadline:.0f} s: {health}\n{late}")

    def stop(self) -> list[int]:
        """End all of it; the ids of processes that had to be killed."""
        return self.processes.stop(self._grace)

    def kill(self, component: str) -> None:
        """Kill a component with all its children, as a machine that goes away does, and start it again."""
        child = self.processes.children[component]
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(10)
        self.processes.start(component, self._command(*COMPONENTS[component]), self.env)

    def keep(self) -> None:
        """Leave it running when the block ends well."""
        self._kept = True

    @property
    def url(self) -> str:
        """Where the UI is."""
        return self.api.origin

    def wait_dags(self, *dag_ids: str, deadline: float = 60.0) -> None:
        """Wait until the DAG processor has the DAGs; a file that cannot be imported is an error at once."""

        def there() -> bool:
            if errors := self.api.import_errors():
                raise RuntimeError("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))
            return {dag["dag_id"] for dag in self.api.dags()} >= set(dag_ids)

        self._wait(there, deadline, lambda: f"the DAGs {', '.join(dag_ids)}\n{self.processes.tail('dag-processor')}")

    def unpause(self, dag_id: str) -> None:
        self.api.set_paused(dag_id, False)

    def trigger(
        self, dag_id: str, conf: Mapping[str, object] | None = None, logical_date: datetime | None = None
    ) -> Document:
        """Start a manual run and return it."""
        return self.api.trigger(dag_id, conf, logical_date)

    def backfill(self, dag_id: str, from_date: date, to_date: date, reprocess_behavior: str | None = None) -> None:
        """Order runs for the days from `from_date` to `to_date`, both included, as a user does: on the command line."""
        again = ("--reprocess-behavior", reprocess_behavior) if reprocess_behavior else ()
        days = ("--from-date", from_date.isoformat(), "--to-date", to_date.isoformat())
        self._airflow("backfill", "backfill", "create", "--dag-id", dag_id, *days, *again, timeout=120)

    def wait_runs(
        self, dag_id: str, count: int, *, states: Collection[str] = ("success",), deadline: float = 120.0
    ) -> list[Document]:
        """Wait until `count` runs of the DAG have one of the states and no other is under way.

        A failed run is an error unless asked for.
        """
        under_way = {"queued", "running"} - set(states)

        def reached() -> list[Document] | None:
            runs = self.runs(dag_id)
            if "failed" not in states and (failed := [run for run in runs if run["state"] == "failed"]):
                raise RuntimeError("\n".join(self.failure(dag_id, run["dag_run_id"]) for run in failed))
            right = [run for run in runs if run["state"] in states]
            settled = not any(run["state"] in under_way for run in runs)
            return right if settled and len(right) >= count else None

        return self._wait(
            reached, deadline, lambda: f"{count} runs of {dag_id} in {'/'.join(states)}\n{self._stand(dag_id)}"
        )

    def runs(self, dag_id: str) -> list[Document]:
        return self.api.runs(dag_id)

    def task_instances(self, dag_id: str, run_id: str) -> list[Document]:
        return self.api.task_instances(dag_id, run_id)

    def xcoms(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """What the task pushed under `key`: any JSON value."""
        return self.api.xcom(dag_id, run_id, task_id, key, map_index)

    def results(self, dag_id: str, run_id: str) -> list[Document]:
        """What the run's tasks returned, where it is a JSON object: manifests and outcomes."""
        places = [place for place in self.api.xcom_places(dag_id, run_id) if place["key"] == "return_value"]
        values = [self.xcoms(dag_id, run_id, place["task_id"], map_index=place["map_index"]) for place in places]
        return [value for value in values if isinstance(value, dict)]

    def logs(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1, map_index: int = -1) -> str:
        return self.api.logs(dag_id, run_id, task_id, attempt, map_index)

    def clear(self, dag_id: str, run_id: str) -> None:
        """Have all tasks of the run executed again, as the UI's Clear does."""
        self.api.clear(dag_id, run_id)

    def import_errors(self) -> list[Document]:
        return self.api.import_errors()

    def failure(self, dag_id: str, run_id: str) -> str:
        """What went wrong in a run: the warnings and errors in the log of each failed task."""
        parts = [f"{dag_id} {run_id} failed"]
        for task in self.task_instances(dag_id, run_id):
            if task["state"] == "failed":
                log = self.logs(dag_id, run_id, task["task_id"], task["try_number"], task["map_index"])
                parts.append(f"{task['task_id']}:\n{complaints(log)}")
        return "\n".join(parts)

    def _stand(self, dag_id: str) -> str:
        lines = []
        for run in self.runs(dag_id):
            tasks = {task["task_id"]: task["state"] for task in self.task_instances(dag_id, run["dag_run_id"])}
            lines.append(f"{run['dag_run_id']}: {run['state']} {tasks}")
        return "\n".join([*lines, self.processes.tail("scheduler")])

    def _wait(self, probe: Callable[[], T | None], deadline: float, wanted: Callable[[], str]) -> T:
        """Repeat the probe until it gives something; `wanted` says what is missing when time is up."""
        until = time.monotonic() + deadline
        while time.monotonic() < until:
            self.processes.check()
            if found := probe():
                return found
            time.sleep(POLL)
        raise TimeoutError(f"waited {deadline:.0f} s for {wanted()}")

    def _airflow(self, name: str, *arguments: str, timeout: float) -> None:
        """Run a command of Airflow's CLI to its end."""
        self.processes.start(name, self._command(*arguments), self.env)
        self.processes.wait(name, timeout)

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [str(Path(sys.executable).parent / "airflow"), *arguments]


def complaints(log: str) -> str:
    """The warnings and errors of a task's log, exceptions as type and message."""
    lines = []
    for line in map(json.loads, log.splitlines()):
        if line.get("level") in {"warning", "error", "critical"}:
            causes = [f"{error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail") or ()]
            lines.append("\n  ".join([line["event"], *causes]))
    return "\n".join(lines[-TAIL:])


def empty(home: Path) -> None:
    """End what an earlier Airflow left running for `home`, and begin with an empty folder."""
    owner, processes = left_over(home)
    if owner:
        raise RuntimeError(f"process {owner.pid} uses {home} now: `make demo-stop` ends it")
    processes.stop()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
