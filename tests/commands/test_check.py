"""`check`: each usual misconfiguration is named with its cure, in words that the docs have too, and nothing is written."""

from __future__ import annotations

import json
import socket
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.diagnosis import CURES
from oro_provider.entities import ENTITIES
from oro_provider.hooks.orocommerce import OroCommerceHook
from oro_provider.sandbox import running
from tests.api.certificates import make_authority
from tests.api.scripted import Play, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oro_provider.sandbox import RunningStore

DOCS = Path(__file__).resolve().parents[2] / "docs" / "connection.md"
HTML = {"Content-Type": "text/html"}


@pytest.fixture(scope="module")
def store() -> Iterator[RunningStore]:
    with running(orders=3) as running_store:
        yield running_store


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@dataclass(frozen=True)
class Wrong:
    """A misconfiguration: what is wrong with the connection or the store, and which finding names it by which cure."""

    name: str
    check: str
    cure: str
    says: str
    extra: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    plays: list[Play] | None = None
    tokens: list[Play] | None = None
    status: int = 1


# What the docs list; the messages stand there as they are here, with the store's address as https://shop.example.com.
MISCONFIGURATIONS = [
    Wrong("a misspelled extra", "connection", "field", "extra 'page_sise' is unknown; did you mean 'page_size'?",
          extra={"page_sise": 5}),
    Wrong("a wrong host", "address", "unreachable", "{url} cannot be reached: is the host right, and the store up?",
          columns={"host": "closed"}),
    Wrong("another address", "address", "redirected", "{url} redirects to https://www.shop.example.com.",
          plays=[Play(301, headers={"Location": "https://www.shop.example.com/admin/api/countries"})]),
    Wrong("a gateway's own login", "address", "gateway", "{url}/admin/api answered 401, by something in front of the store.",
          plays=[Play(401, "<html>", {**HTML, "WWW-Authenticate": 'Basic realm="staging"'})]),
    Wrong("no OroCommerce", "address", "not_oro", "There is neither an API at {url}/admin/api nor a token endpoint at {url}/oauth2-token.",
          plays=[Play(404, "<html>", HTML)], tokens=[Play(404, "<html>", HTML)]),
    Wrong("the web API is off", "address", "api_off", "The store's web API is switched off.", faults={"api_off": True}),
    Wrong("a wrong prefix", "address", "prefix", "There is no API at {url}/backoffice/api, though {url} is an OroCommerce store.",
          extra={"admin_prefix": "backoffice"}),
    Wrong("a wrong API path", "address", "prefix", "{url}/admin/rest is a page of the store and no API: it redirects to a login.",
          extra={"api_path": "rest"}, plays=[Play(302, headers={"Location": "/admin/user/login"})]),
    Wrong("a wrong token path", "token", "token_path", "POST /admin/oauth2-token answered 404.", extra={"token_path": "admin/oauth2-token"}),
    Wrong("wrong credentials", "token", "credentials", "POST /oauth2-token answered 401. The store said: invalid_client.",
          columns={"password": "another secret"}),
    Wrong("a wrong user password", "token", "user_password", "POST /oauth2-token answered 400. The store said: invalid_grant.",
          extra={"grant_type": "password", "username": "admin", "user_password": "another password"}),
    Wrong("nobody logged in", "token", "login", "Nobody has logged in for this connection yet.", extra={"grant_type": "authorization_code"}),
    Wrong("a missing permission", "orders", "permission", "GET /admin/api/orders answered 403.", faults={"denied": {("orders", "VIEW")}}),
    Wrong("maintenance", "address", "maintenance", "{url} is in maintenance mode.", faults={"maintenance": True}),
    Wrong("a disabled user", "products", "user", "GET /admin/api/products answered 401.",
          plays=[Play(401)]),
    Wrong("clocks that differ", "clock", "clock", "s ahead of this machine's", faults={"clock_skew": 120.0}, status=0),
]  # fmt: skip


@pytest.mark.usefixtures("airflow_database")
@pytest.mark.parametrize("wrong", MISCONFIGURATIONS, ids=lambda wrong: wrong.name)
def test_a_usual_misconfiguration_is_named_with_its_cure(
    wrong: Wrong,
    healthy_store: RunningStore,
    connect: Callable[..., str],
    command: Callable[..., Any],
) -> None:
    healthy_store.switch(**wrong.faults)
    columns = dict(wrong.columns)
    if columns.get("host") == "closed":
        columns["host"] = closed_port()
    url = columns.get("host", healthy_store.url)
    if wrong.plays is None:
        connect(extra=wrong.extra, **columns)
        said = command("check", "shop", "--json")
    else:
        with ScriptedServer(list(wrong.plays), tokens=wrong.tokens) as server:
            url = server.url
            connect(extra=wrong.extra, host=url, login=server.client_id, **columns)
            said = command("check", "shop", "--json")
    found = json.loads(said.out)["findings"]
    named = [finding for finding in found if finding["cure"]]
    assert said.status == wrong.status
    assert named[0]["check"] == wrong.check, named
    assert wrong.says.format(url=url) in named[0]["says"]
    assert named[0]["cure"] == CURES[wrong.cure]
    assert "\n" not in named[0]["cure"]
    documented = DOCS.read_text()
    assert wrong.says.format(url="https://shop.example.com") in documented
    assert CURES[wrong.cure] in documented
    for secret in (healthy_store.client_secret, "another secret", "another password"):
        assert secret not in said.out + said.err


def test_a_certificate_of_a_private_authority_is_named(
    tmp_path: Path, connect: Callable[..., str], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer([Play()], tls=make_authority(tmp_path).server_context()) as server:
        said = command("check", connect(host=server.url), "--json")
        brief = OroCommerceHook("shop").test_connection()
    (named,) = [finding for finding in json.loads(said.out)["findings"] if finding["cure"]]
    says = "{} has a certificate that is not trusted (see verify and ca_bundle)."
    assert (said.status, named["check"], named["cure"]) == (1, "address", CURES["untrusted"])
    assert named["says"] == says.format(server.url)
    assert says.format("https://shop.example.com") in DOCS.read_text()
    assert not brief[0]
    assert "not trusted" in brief[1]


def test_a_client_certificate_that_the_store_misses_is_named(
    tmp_path: Path, connect: Callable[..., str], command: Callable[..., Any]
) -> None:
    authority = make_authority(tmp_path)
    context = authority.server_context(ask_client=True)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # where the refusal is a part of the handshake, and never lost
    with ScriptedServer([Play()], tls=context) as server:
        said = command("check", connect(host=server.url, extra={"ca_bundle": authority.ca}), "--json")
    (named,) = [finding for finding in json.loads(said.out)["findings"] if finding["cure"]]
    says = "{} asks for a client certificate, or refuses this one (see cert)."
    assert (named["says"], named["cure"]) == (says.format(server.url), CURES["client_certificate"])
    assert says.format("https://shop.example.com") in DOCS.read_text()


def test_the_forms_test_takes_ten_seconds_at_most_whatever_a_store_does(connect: Callable[..., str]) -> None:
    """A token that comes, and a record that drips."""
    drips = Play(endless=b" ", pause=0.05)
    with ScriptedServer([drips]) as server:
        connect(host=server.url, login=server.client_id)
        started = time.monotonic()
        well, says = OroCommerceHook("shop").test_connection()
        assert time.monotonic() - started < 10
    assert not well
    assert "did not end within 2.4 s" in says


def test_a_good_connection_is_said_to_be_good_and_nothing_is_written(
    healthy_store: RunningStore, connect: Callable[..., str], command: Callable[..., Any]
) -> None:
    healthy_store.forget_requests()
    said = command("check", connect())
    assert (said.status, said.err) == (0, "")
    assert "failed" not in said.out
    assert "can be read" in said.out
    assert {entry["method"] for entry in healthy_store.requests() if entry["path"] != "/oauth2-token"} == {"GET"}
    assert len(healthy_store.requests()) <= len(ENTITIES) + 8
    assert not [token for token in healthy_store.tokens() if token in said.out]


def test_what_a_role_may_write_is_tried_and_nothing_is_written(
    healthy_store: RunningStore, connect: Callable[..., str], command: Callable[..., Any]
) -> None:
    before = healthy_store.call(lambda store: list(store.connection.iterdump()))
    healthy_store.switch(denied=[("orders", "CREATE"), ("orders", "EDIT"), ("customers", "EDIT")])
    said = command("check", connect(), "--writes", "--json")
    assert healthy_store.call(lambda store: list(store.connection.iterdump())) == before
    assert said.status == 0
    found = {finding["check"]: finding for finding in json.loads(said.out)["findings"]}
    assert found["orders"]["says"] == "can be read; the role may not create or change"
    assert found["customers"]["says"] == "can be read; the role may create; the role may not change"
    assert found["products"]["says"] == "can be read; the role may create and change"
    assert found["productunits"]["says"] == "can be read; the role may create and change"
    assert found["inventorylevels"]["says"] == "can be read; the role may change"
    assert found["relatedproducts"]["says"] == "can be read; the role may create"
    assert found["productprices"]["says"].startswith(
        "can be asked for, by a filter; the role may create; there is no record"
    )
    assert {name for name, finding in found.items() if finding["state"] == "warning"} == {"orders", "customers"}
    assert found["orders"]["cure"] == found["customers"]["cure"] == CURES["rights"]
    assert "the role may not create or change" in DOCS.read_text()


@pytest.mark.parametrize("version", ["5.1", "6.0", "7.0"])
def test_every_version_answers_what_a_role_may_write(
    command: Callable[..., Any], connect: Callable[..., str], version: str
) -> None:
    with running(orders=3, version=version) as store:
        said = command("check", connect(host=store.url), "--writes")
    assert said.status == 0
    assert "unclear" not in said.out
    assert said.out.count("the role may create and change") > 10


def test_a_role_that_may_not_use_operations(
    healthy_store: RunningStore, connect: Callable[..., str], command: Callable[..., Any]
) -> None:
    healthy_store.switch(denied=[("asyncoperations", "*"), ("customers", "CREATE")])
    said = command("check", connect(), "--writes", "--consumers", "--json")
    found = {finding["check"]: finding for finding in json.loads(said.out)["findings"]}
    assert found["operations"]["says"] == "The role may not view asynchronous operations."
    assert found["operations"]["says"] in DOCS.read_text()
    assert found["operations"]["cure"] == found["consumer"]["cure"] == CURES["operations"]
    assert "No access to create the asynchronous operation." in found["consumer"]["says"]


def test_a_consumer_is_found_by_a_batch_that_changes_nothing(
    healthy_store: RunningStore, connect: Callable[..., str], command: Callable[..., Any]
) -> None:
    before = healthy_store.execute("SELECT * FROM customers ORDER BY id")
    said = command("check", connect(), "--consumers")
    assert said.status == 0
    assert "a batch was done" in said.out
    assert healthy_store.execute("SELECT * FROM customers ORDER BY id") == before


def test_a_store_without_a_consumer(
    command: Callable[..., Any], connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oro_provider.diagnosis.CONSUMER_SECONDS", 1.0)
    with running(orders=3, version="5.1", consumers=0) as idle:  # 6.1 would keep us waiting for 25 s
        said = command("check", connect(host=idle.url), "--consumers")
    assert said.status == 1
    assert "A batch was taken and not done within half a minute." in said.out
    assert CURES["consumer"] in said.out
    assert "A batch was taken and not done within half a minute." in DOCS.read_text()


def test_a_store_that_takes_batches_as_operations_only(
    command: Callable[..., Any], connect: Callable[..., str]
) -> None:
    with running(orders=3, version="5.1") as old:
        said = command("check", connect(host=old.url), "--consumers")
    assert said.status == 0
    assert "a batch was done" in said.out
    assert "has no statuses of orders and no external ids" in said.out


def test_a_store_that_shows_nothing_is_asked_for_its_organization(
    command: Callable[..., Any], connect: Callable[..., str]
) -> None:
    with ScriptedServer([Play(401), Play(401), Play(body={"data": []})]) as server:
        said = command("check", connect(host=server.url, login=server.client_id))
    assert "The store shows no product, no customer and no order." in said.out
    assert CURES["organization"] in said.out


def test_the_table_has_the_cure_below_the_finding(command: Callable[..., Any], connect: Callable[..., str]) -> None:
    said = command("check", connect(extra={"page_size": "many"}))
    assert said.status == 1
    assert said.out.splitlines() == [
        "failed   connection  Connection 'shop': extra 'page_size' must be a whole number from 1 to 10000, not 'many'",
        f"                     -> {CURES['field']}",
    ]


def test_every_cure_is_one_line_and_documented() -> None:
    documented = DOCS.read_text()
    assert [name for name, cure in CURES.items() if "\n" in cure or cure not in documented] == []
