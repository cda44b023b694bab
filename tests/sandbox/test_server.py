"""Running the store: in a thread, by the command line, its log, its changes, its faults, its logins."""

from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from demo.store import StoreReader
from oro_provider.sandbox import running
from oro_provider.sandbox.__main__ import main
from tests.sandbox.conftest import Caller

if TYPE_CHECKING:
    from oro_provider.sandbox import RunningStore


def test_it_starts_in_well_under_a_second() -> None:
    started = time.perf_counter()
    with running(orders=20) as store:
        assert requests.get(f"{store.url}/_sandbox/state", timeout=5).json()["counts"]["orders"] == 20
        assert time.perf_counter() - started < 1.5


def test_the_same_seed_makes_the_same_shop() -> None:
    found = []
    for _ in range(2):
        with running(orders=20, seed=7) as store:
            rows = store.execute('SELECT p."sku", o."totalValue" FROM products p LEFT JOIN orders o ON o."id" = p."id"')
            found.append((rows, store.change(5)))
    assert found[0] == found[1]


def test_the_command_line_tells_where_it_listens_and_ends_cleanly() -> None:
    command = [
        sys.executable,
        "-m",
        "oro_provider.sandbox",
        "--orders",
        "5",
        "--client-id",
        "me",
        "--client-secret",
        "s",
        "--fault",
        '{"maintenance": true}',
        "--fault",
        '{"kind": "500", "times": 1}',
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["client_id"] == "me"
        faults = requests.get(f"{told['url']}/_sandbox/faults", timeout=5).json()
        assert faults["maintenance"] is True
        assert faults["rules"][0]["kind"] == "500"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_named_with_the_cure(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            main(["--orders", "1", "--port", str(port)])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"cannot listen on port {port} of 127.0.0.1" in said
    assert "--port 0 takes a free one" in said


def test_a_file_is_opened_again_as_it_was_left(tmp_path: pytest.TempPathFactory) -> None:
    data = str(tmp_path / "store.sqlite")  # type: ignore[operator]
    with running(orders=5, data=data) as store:
        Caller(store).post("customers", {"data": {"type": "customers", "attributes": {"name": "Kept"}}})
    with running(orders=50, data=data) as store:
        assert len(Caller(store).ids("orders?page[size]=-1")) == 5
        assert len(Caller(store).ids("customers?filter[name]=Kept")) == 1


def test_logins(store: RunningStore) -> None:
    url = f"{store.url}/oauth2-token"
    good = {"grant_type": "client_credentials", "client_id": store.client_id, "client_secret": store.client_secret}
    assert requests.post(url, json=good, timeout=5).json()["expires_in"] == 3600
    basic = base64.b64encode(f"{store.client_id}:{store.client_secret}".encode()).decode()
    answer = requests.post(
        url, data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}, timeout=5
    )
    assert answer.status_code == 200
    wrong = requests.post(url, data={**good, "client_secret": "no"}, timeout=5)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert requests.post(url, data={**good, "grant_type": "x"}, timeout=5).json()["error"] == "unsupported_grant_type"
    del good["client_id"]
    assert requests.post(url, data=good, timeout=5).json()["error"] == "invalid_request"
    assert requests.get(url, timeout=5).json() == {"code": 405}
    assert requests.post(f"{store.url}/admin/oauth2-token", timeout=5).json() == {"code": 404}


def test_a_refresh_revokes_both_old_tokens(store: RunningStore) -> None:
    url = f"{store.url}/oauth2-token"
    client = {"client_id": store.client_id, "client_secret": store.client_secret}
    first = requests.post(
        url, data={"grant_type": "password", "username": "admin", "password": "admin", **client}, timeout=5
    ).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **client}
    second = requests.post(url, data=refresh, timeout=5).json()
    headers = {"Accept": "application/vnd.api+json"}
    for token, status in ((first["access_token"], 401), (second["access_token"], 200)):
        headers["Authorization"] = f"Bearer {token}"
        assert requests.get(f"{store.url}/admin/api/countries/US", headers=headers, timeout=5).status_code == status
    assert requests.post(url, data=refresh, timeout=5).json()["hint"] == "Token has been revoked"


def test_a_token_expires() -> None:
    with running(orders=5, token_lifetime=1) as store:
        caller = Caller(store)
        assert caller.get("countries/US").status_code == 200
        store.switch(clock_skew=5.0)
        assert caller.get("countries/US").status_code == 401


def test_the_log_shows_requests_and_no_secrets(own: Caller) -> None:
    own.get("orders?page[size]=1")
    document = requests.get(f"{own.store.url}/_sandbox/requests", timeout=5)
    assert own.store.client_secret not in document.text
    assert "Bearer" not in document.text
    last = document.json()["requests"][-1]
    assert (last["method"], last["path"], last["query"], last["status"]) == (
        "GET",
        "/admin/api/orders",
        "page%5Bsize%5D=1",
        200,
    )
    since = requests.get(f"{own.store.url}/_sandbox/requests?since={last['number']}", timeout=5).json()
    assert since["requests"] == []
    requests.delete(f"{own.store.url}/_sandbox/requests", timeout=5)
    assert own.store.requests() == []


def test_changes_are_made_on_demand(own: Caller) -> None:
    done = requests.post(f"{own.store.url}/_sandbox/changes", json={"count": 20}, timeout=10).json()
    assert sum(map(len, done.values())) == 20
    for order in set(done["created"]) - set(done["deleted"]):
        assert own.get(f"orders/{order}").status_code == 200
    for order in done["deleted"]:
        assert own.get(f"orders/{order}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "status"),
    [("429", 429), ("500", 500), ("502", 502), ("503", 503), ("401", 401)],
)
def test_a_fault_strikes_as_often_as_told(own: Caller, kind: str, status: int) -> None:
    own.store.fail(kind, path="/orders", times=1)
    assert own.get("customers/1").status_code == 200
    assert own.get("orders/1").status_code == status
    assert own.get("orders/1").status_code == 200


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
def test_connections_break_before_or_after_the_work(own: Caller, kind: str) -> None:
    own.store.fail(kind, method="POST", path="/api/customers", times=1)
    body = {"data": {"type": "customers", "attributes": {"name": "Broken"}}}
    with pytest.raises(requests.RequestException):
        own.post("customers", body)
    assert len(own.ids("customers?filter[name]=Broken")) == (0 if kind == "reset_before" else 1)


def test_maintenance_and_a_switched_off_api(own: Caller) -> None:
    own.store.switch(maintenance=True)
    answer = own.get("orders")
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "text/html; charset=UTF-8")
    assert requests.post(f"{own.store.url}/oauth2-token", timeout=5).status_code == 503
    own.store.switch(maintenance=False, api_off=True)
    assert own.get("orders").json() == {"errors": [{"status": "404", "title": "not found http exception"}]}
    assert requests.post(f"{own.store.url}/oauth2-token", timeout=5).json()["error"] == "invalid_client"
    own.store.heal()
    assert own.get("orders").status_code == 200


def test_a_missing_permission(own: Caller) -> None:
    own.store.switch(denied={("customers", "CREATE")})
    assert own.get("customers").status_code == 200
    answer = own.post("customers", {"data": {"type": "customers", "attributes": {"name": "X"}}})
    assert answer.json()["errors"] == [
        {"status": "403", "title": "access denied exception", "detail": "No access to this type of entities."}
    ]


def test_rows_change_between_two_pages(own: Caller) -> None:
    own.store.switch(moving_rows=3)
    before = own.get("orders?sort=-updatedAt&page[size]=1").json()["data"][0]
    after = own.get("orders?sort=-updatedAt&page[size]=1").json()["data"][0]
    assert (before["id"], before["attributes"]) != (after["id"], after["attributes"])


def test_every_token_that_was_given_is_told_for_a_search() -> None:
    with running(orders=1) as store:
        reader = StoreReader(store.url, store.client_id, store.client_secret)
        again = StoreReader(store.url, store.client_id, store.client_secret)
        assert len(set(reader.tokens())) == 2
        assert reader.tokens() == again.tokens() == store.tokens()
        store.call(lambda one: one.tokens.revoke_all())
        assert len(store.tokens()) == 2
