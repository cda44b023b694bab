"""Airflow's REST API as a user's script calls it: runs, task instances, XComs, logs, health."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

import requests

from demo.times import moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Document: TypeAlias = dict[str, Any]

PAGE = 100  # [api] maximum_page_limit
# Seconds. With its first task the API server makes the routes that tasks use, and answers nobody meanwhile: half a minute on a busy
# machine.
TIMEOUT = 120
COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


class AirflowApi:
    """A session with one API server whose simple auth manager takes everybody for an admin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between this machine and itself

    def health(self, since: datetime) -> dict[str, bool]:
        """Whether each component reports itself healthy; all False while nobody answers.

        A heartbeat before `since` is another Airflow's: a database that is not new remembers those of half a minute.
        """
        try:
            answer = self._session.get(f"{self.origin}/api/v2/monitor/health", timeout=5)
            known = answer.json() if answer.ok else {}
        except requests.RequestException:
            known = {}
        return {name: _well(known.get(name, {}), f"latest_{name}_heartbeat", since) for name in COMPONENTS}

    def call(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None) -> Document:
        """Call an operation below /api/v2; path segments come quoted from `segments`."""
        if "Authorization" not in self._session.headers:
            self._login()
        answer = self._session.request(method, f"{self.origin}/api/v2{path}", params=params, json=body, timeout=TIMEOUT)
        if not answer.ok:
            raise RuntimeError(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:2000]}")
        document: Document = answer.json() if answer.content else {}
        return document

    def collect(self, path: str, key: str, **params: object) -> list[Document]:
        """All entries of a collection, page by page."""
        found: list[Document] = []
        while True:
            page = self.call("GET", path, params={**params, "limit": PAGE, "offset": len(found)})
            found.extend(page[key])
            if not page[key] or len(found) >= page["total_entries"]:
                return found

    def dags(self) -> list[Document]:
        return self.collect("/dags", "dags")

    def import_errors(self) -> list[Document]:
        return self.collect("/importErrors", "import_errors")

    def set_paused(self, dag_id: str, paused: bool) -> None:
        self.call("PATCH", segments("dags", dag_id), params={"update_mask": "is_paused"}, body={"is_paused": paused})

    def trigger(self, dag_id: str, conf: Mapping[str, object] | None, logical_date: datetime | None) -> Document:
        """A manual run; without a logical date it has no data interval either (AIP-83)."""
        when = logical_date.isoformat() if logical_date else None
        body = {"logical_date": when, "conf": dict(conf or {})}
        return self.call("POST", segments("dags", dag_id, "dagRuns"), body=body)

    def runs(self, dag_id: str) -> list[Document]:
        """The DAG's runs, oldest first."""
        return self.collect(segments("dags", dag_id, "dagRuns"), "dag_runs", order_by="run_after")

    def clear(self, dag_id: str, run_id: str) -> None:
        """Have the run execute all its tasks again."""
        body = {"dry_run": False, "only_failed": False}
        self.call("POST", segments("dags", dag_id, "dagRuns", run_id, "clear"), body=body)

    def task_instances(self, dag_id: str, run_id: str) -> list[Document]:
        return self.collect(segments("dags", dag_id, "dagRuns", run_id, "taskInstances"), "task_instances")

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str, map_index: int = -1) -> Any:
        """The value that the task pushed under `key`: any JSON."""
        path = segments("dags", dag_id, "dagRuns", run_id, "taskInstances", task_id, "xcomEntries", key)
        return self.call("GET", path, params={"map_index": map_index, "deserialize": False})["value"]

    def xcom_places(self, dag_id: str, run_id: str) -> list[Document]:
        """What the run's tasks pushed, without the values: `task_id`, `key`, `map_index`."""
        return self.collect(
            segments("dags", dag_id, "dagRuns", run_id, "taskInstances", "~", "xcomEntries"), "xcom_entries"
        )

    def logs(self, dag_id: str, run_id: str, task_id: str, attempt: int, map_index: int = -1) -> str:
        """The log of one attempt, a JSON object a line, as the UI's log view gets it."""
        path = segments("dags", dag_id, "dagRuns", run_id, "taskInstances", task_id, "logs", str(attempt))
        answer = self.call("GET", path, params={"map_index": map_index, "full_content": True})
        lines = answer["content"]
        return "\n".join(json.dumps(line if isinstance(line, dict) else {"event": line}) for line in lines)

    def _login(self) -> None:
        answer = self._session.get(f"{self.origin}/auth/token", timeout=TIMEOUT)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _well(report: Document, heartbeat: str, since: datetime) -> bool:
    if heartbeat in report and (not report[heartbeat] or moment(report[heartbeat]) < since):
        return False
    return bool(report.get("status") == "healthy")


def segments(*parts: str) -> str:
    """A path of quoted segments: run ids hold colons and plus signs."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)
