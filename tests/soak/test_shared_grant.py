"""Eight processes on one login by browser, each ending the others' tokens all the time: no request is lost, and nobody logs in again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from oro_provider.grant_variable import VariableGrants
from oro_provider.sandbox import running
from tests.grants import grant_of

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

PROCESSES = 8
REFRESHES = 25  # each: 200 together

WORKER = """
import os, sys
os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
from oro_provider.grant_variable import VariableGrants
from oro_provider.hooks.orocommerce import OroCommerceHook

class Counted(VariableGrants):
    kept = 0

    def keep(self, grant):
        super().keep(grant)
        Counted.kept += 1

OroCommerceHook.grants = property(lambda hook: Counted(hook.orocommerce_conn_id))
client = OroCommerceHook("shop").client
while Counted.kept < int(sys.argv[1]):
    client.token(stale=client.token())
    client.get("countries", "US")
print(Counted.kept)
"""


def test_eight_processes_lose_no_request_and_never_need_a_new_login(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.models.crypto import get_fernet
    from airflow.utils.db import initdb
    from cryptography.fernet import Fernet

    initdb()
    # Airflow's configuration for tests makes a key for each process.
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    get_fernet.cache_clear()
    with running(orders=1) as store:
        connection = {
            "conn_type": "orocommerce",
            "host": store.url,
            "login": store.client_id,
            "password": store.client_secret,
            "extra": {"grant_type": "authorization_code"},
        }
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(connection))
        first = replace(grant_of(store), expires_at=0.0)
        VariableGrants("shop").keep(first)
        store.forget_requests()

        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", WORKER, str(REFRESHES)]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        workers = [
            subprocess.Popen(
                command, env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(PROCESSES)
        ]
        outcomes = [worker.communicate(timeout=500) for worker in workers]

        lost = [f"{out[-500:]}\n{err[-1500:]}" for out, err in outcomes if out.split()[-1:] != [str(REFRESHES)]]
        assert not lost, "\n---\n".join(lost)
        answers = [entry["status"] for entry in store.requests() if entry["path"] == "/oauth2-token"]
        assert answers.count(200) == PROCESSES * REFRESHES
        assert set(answers) <= {200, 401}  # 401: another process was faster
        last = VariableGrants("shop").read()
        assert last is not None
        secrets = [first.refresh_token, last.refresh_token, last.access_token, store.client_secret]
        assert not [secret for secret in secrets if any(secret in out + err for out, err in outcomes)]
