"""The hook on the wire: what goes out, what a failed test of the connection says, and where no token ever goes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from airflow.providers.http.operators.http import HttpOperator

from oro_provider.api import errors
from oro_provider.api.grants import Grant
from oro_provider.connection import ConnectionFieldError
from oro_provider.grant_variable import variable_of
from oro_provider.hooks.orocommerce import OroCommerceHook
from tests.api.scripted import Play, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = {"data": [{"type": "orders", "id": "1", "attributes": {"identifier": "SO-1"}}]}
HTML = {"Content-Type": "text/html"}
SECRET = "s3cret-of-the-client"
EMAIL = "jane@example.com"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., OroCommerceHook]:
    """Make a hook on a connection to a scripted server."""

    def make(server: ScriptedServer, **extra: Any) -> OroCommerceHook:
        connection = {
            "conn_type": "orocommerce",
            "host": server.url,
            "login": server.client_id,
            "password": SECRET,
            "extra": extra,
        }
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(connection))
        return OroCommerceHook("shop")

    return make


def test_run_sends_our_token_our_limits_and_no_other_extra(
    connect: Callable[..., OroCommerceHook], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    send = requests.Session.send

    def spy(session: Any, request: Any, **kwargs: Any) -> Any:
        sent.append(kwargs)
        return send(session, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", spy)
    with ScriptedServer([Play(body=ORDER)]) as server:
        hook = connect(server, read_timeout=7, connect_timeout=3, extra_headers={"X-Gateway": "g"}, scope="all")
        answer = hook.run("admin/api/orders", headers={"X-Include": "totalCount"})
        headers = server.seen[0].headers
    assert answer.json() == ORDER
    assert headers["x-include"] == "totalCount"
    assert sent[-1]["timeout"] == (3, 7)
    assert headers["authorization"] == "Bearer scripted-token-1"
    assert headers["accept"] == "application/vnd.api+json"
    assert headers["x-gateway"] == "g"
    assert not {"scope", "read_timeout", "connect_timeout", "extra_headers", "login", "password"} & headers.keys()
    assert SECRET not in json.dumps(headers)


def test_an_http_operator_on_our_connection_is_logged_in(connect: Callable[..., OroCommerceHook]) -> None:
    with ScriptedServer([Play(401), Play(body=ORDER)]) as server:
        connect(server, scope="all")
        orders = HttpOperator(
            task_id="orders", http_conn_id="shop", method="GET", endpoint="admin/api/orders", deferrable=False
        )
        text = orders.execute({})
        assert json.loads(text) == ORDER
        assert [seen.headers["authorization"] for seen in server.seen] == [
            "Bearer scripted-token-1",
            "Bearer scripted-token-2",
        ]
        assert not any("scope" in seen.headers for seen in server.seen)


def test_a_failed_run_is_a_typed_error_and_logs_no_body(
    connect: Callable[..., OroCommerceHook], caplog: pytest.LogCaptureFixture
) -> None:
    body = {"errors": [{"status": "403", "title": "access denied exception", "detail": "for jane@example.com"}]}
    with ScriptedServer([Play(403, body)]) as server, pytest.raises(errors.PermissionDenied):
        connect(server).run("admin/api/orders")
    assert "jane@example.com" not in caplog.text


def test_no_token_goes_to_another_host(connect: Callable[..., OroCommerceHook]) -> None:
    with ScriptedServer([Play(body=ORDER)]) as other:
        elsewhere = Play(302, headers={"Location": f"{other.url}/admin/api/orders"})
        with ScriptedServer([elsewhere]) as server:
            hook = connect(server)
            with pytest.raises(errors.UnexpectedAnswer, match="speaks to"):
                hook.run("admin/api/orders")
            with pytest.raises(errors.UnexpectedAnswer, match="speaks to"):
                hook.get_conn().get(f"{other.url}/admin/api/orders", timeout=5)
        assert other.seen == []


def test_get_and_list_give_flat_records(connect: Callable[..., OroCommerceHook]) -> None:
    line = {"type": "orderlineitems", "id": "9", "attributes": {"quantity": 2}}
    order = {
        "type": "orders",
        "id": "1",
        "attributes": {"identifier": "SO-1"},
        "relationships": {"lineItems": {"data": [{"type": "orderlineitems", "id": "9"}]}},
    }
    document = {"data": order, "included": [line]}
    with ScriptedServer([Play(body=document), Play(body={"data": [order]}), Play(body={"data": []})]) as server:
        hook = connect(server, page_size=1)
        assert hook.get("orders", "1", include=["lineItems"])["lineItems"] == [{"id": "9", "quantity": 2}]
        assert [record["identifier"] for record in hook.list("orders")] == ["SO-1"]
        assert "filter%5Bid%5D%5Bgt%5D=1" in server.seen[2].path


def test_run_keeps_to_the_requests_per_second(connect: Callable[..., OroCommerceHook]) -> None:
    with ScriptedServer([Play(body={"data": []})]) as server:
        hook = connect(server, requests_per_second=20)
        started = time.monotonic()
        for _ in range(5):
            hook.run("admin/api/orders")
    assert time.monotonic() - started >= 0.25  # six requests with the token's


def test_names_may_be_one_text(connect: Callable[..., OroCommerceHook]) -> None:
    order = {"type": "orders", "id": "1", "attributes": {"identifier": "SO-1"}}
    order["relationships"] = {"lineItems": {"data": []}, "status": {"data": None}}
    with ScriptedServer([Play(body={"data": order}), Play(body={"data": []})]) as server:
        hook = connect(server)
        hook.get("orders", "1", include="lineItems", fields={"orders": "identifier, status"})
        list(
            hook.list(
                "orders", include="lineItems.product", fields={"orders": "identifier"}, filters={"status": "open"}
            )
        )
    assert [seen.path.partition("?")[2].replace("%5B", "[").replace("%5D", "]") for seen in server.seen] == [
        "fields[orders]=identifier,status,lineItems&include=lineItems",
        "filter[status]=open&fields[orders]=identifier,status,lineItems&include=lineItems.product&sort=id&page[size]=100",
    ]


def test_a_list_of_what_the_store_does_not_know_is_refused(connect: Callable[..., OroCommerceHook]) -> None:
    order = {"type": "orders", "id": "1", "attributes": {"identifier": "SO-1"}}
    with ScriptedServer([Play(body={"data": [order]}), Play(body={"data": [order]})]) as server:
        hook = connect(server)
        with pytest.raises(ValueError, match="orders have no identifer, total: leave it out of `include` and `fields`"):
            list(hook.list("orders", fields={"orders": ["identifer", "total"]}))
        with pytest.raises(ValueError, match="orders have no lines: leave it out"):
            list(hook.list("orders", include=["lines.product"]))


def test_every_secret_of_a_connection_is_masked(connect: Callable[..., OroCommerceHook]) -> None:
    from airflow.sdk.log import redact

    with ScriptedServer([Play(body=ORDER)], tokens=[Play(body={"access_token": "tok-3n-value"})]) as server:
        hook = connect(server, extra_headers={"X-Key": "gateway-key-1"}, proxies={})
        hook.client.token()
    text = redact(f"{SECRET} gateway-key-1 tok-3n-value")
    assert text == "*** *** ***"


API_OFF = {"errors": [{"status": "404", "title": "not found http exception"}]}
DENIED = {
    "errors": [{"status": "403", "title": "access denied exception", "detail": "No access to this type of entities."}]
}
EXPLANATIONS: list[tuple[str, list[Play], list[Play] | None, bool, str]] = [
    ("all is well", [Play(body=ORDER)], None, True, "Logged in to"),
    ("a wrong secret", [Play(body=ORDER)], [Play(401, {"error": "invalid_client"})], False, "client secret"),
    ("the API is off", [Play(404, API_OFF)], None, False, "web API is switched off. Switch the web API on"),
    ("a wrong prefix", [Play(404, "<html>", HTML)], None, False, "is an OroCommerce store. Set extra 'admin_prefix'"),
    ("no permission", [Play(403, DENIED)], None, False, "may not view orders"),
    ("maintenance", [Play(415, "<html>", HTML)], None, False, "maintenance"),
    ("maintenance at the login", [Play(body=ORDER)], [Play(503, {"code": 503})], False, "maintenance"),
    ("no OroCommerce", [Play(body=ORDER)], [Play(200, "<html>", HTML)], False, "an OroCommerce store"),
    ("another page behind the login", [Play(200, "<html>", HTML)], None, False, "OroCommerce store"),
    ("a token path that leads nowhere", [Play(body=ORDER)], [Play(404, "<html>", HTML)], False, "token path"),
    ("a token that is refused", [Play(401)], None, False, "was refused"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plays", "tokens", "works", "says"), [case[1:] for case in EXPLANATIONS], ids=[case[0] for case in EXPLANATIONS]
)
def test_a_test_of_the_connection_says_what_is_wrong(
    connect: Callable[..., OroCommerceHook], plays: list[Play], tokens: list[Play] | None, works: bool, says: str
) -> None:
    with ScriptedServer(plays, tokens=tokens) as server:
        worked, message = connect(server).test_connection()
        assert {seen.method for seen in server.seen} <= {"GET"}
        assert len(server.seen) <= 2
    assert worked is works
    assert says in message
    assert message.count("Give the role") <= 1
    assert SECRET not in message


def test_tokens_that_cannot_be_replaced_are_found_by_the_check(
    connect: Callable[..., OroCommerceHook], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer([Play(body=ORDER)]) as server:
        hook = connect(server, grant_type="authorization_code")
        grant = Grant(
            access_token="access-of-the-test",
            refresh_token="refresh-of-the-test",
            expires_at=time.time() + 3600,
            token_url=f"{server.url}/oauth2-token",
            client_id=server.client_id,
        )
        monkeypatch.setenv(f"AIRFLOW_VAR_{variable_of('shop').upper()}", grant.encode())
        found = {finding.check: finding for finding in hook.diagnose().findings}
    assert found["tokens"].state == "failed"
    assert "comes from the environment variable AIRFLOW_VAR_OROCOMMERCE_TOKEN__SHOP" in found["tokens"].says


def test_a_test_of_a_connection_to_nowhere_says_so(connect: Callable[..., OroCommerceHook]) -> None:
    with ScriptedServer([Play()]) as server:
        hook = connect(server)
    worked, message = hook.test_connection()
    assert not worked
    assert "cannot be reached" in message


def test_a_test_ends_within_its_ten_seconds(connect: Callable[..., OroCommerceHook]) -> None:
    with ScriptedServer([Play(body=ORDER, delay=30)], tokens=[Play(body={"access_token": "t"}, delay=2)]) as server:
        started = time.monotonic()
        worked, message = connect(server).test_connection()
        assert time.monotonic() - started < 10
    assert not worked
    assert "read_timeout" in message


def test_a_bad_connection_is_named_by_its_field(connect: Callable[..., OroCommerceHook]) -> None:
    with ScriptedServer([Play()]) as server:
        hook = connect(server, page_size="many")
    worked, message = hook.test_connection()
    assert not worked
    assert "page_size" in message
    with pytest.raises(ConnectionFieldError, match="page_size"):
        _ = hook.client


def test_an_unknown_connection_is_airflows_error() -> None:
    with pytest.raises(Exception, match="no_such_connection"):
        _ = OroCommerceHook("no_such_connection").settings


async def test_a_trigger_reads_the_connection_without_blocking(connect: Callable[..., OroCommerceHook]) -> None:
    with ScriptedServer([Play(body=ORDER)]) as server:
        hook = connect(server, page_size=7)
        settings = await hook.load_settings()
        assert settings.page_size == 7
        assert await hook.load_settings() is settings
        async with hook.async_client as client:
            assert client.settings.client_secret == SECRET


def test_a_redirect_within_the_store_is_followed_with_the_token(connect: Callable[..., OroCommerceHook]) -> None:
    moved = Play(302, "x" * 100_000, headers={"Location": "/admin/api/orders?page=1"})
    with ScriptedServer([moved, Play(body=ORDER)]) as server:
        assert connect(server).run("admin/api/orders").json() == ORDER
        assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer scripted-token-1"] * 2


@pytest.mark.parametrize(
    ("play", "error", "says"),
    [
        (Play(302, headers={"Location": "https://[broken"}), errors.UnexpectedAnswer, "an address that is none"),
        (Play(302, headers={"Location": "//evil.example/x"}), errors.UnexpectedAnswer, "speaks to"),
        (Play(302, headers={"Location": "/admin/api/orders"}), errors.OroCommerceError, "could not be made|lost"),
        (Play(endless=b" " * 65536), errors.OroCommerceError, "larger than 1 MiB"),
        (
            Play(302, endless=b" " * 65536, headers={"Location": "/x"}),
            errors.OroCommerceError,
            "could not be made|lost",
        ),
        (Play(401, endless=b" " * 65536), errors.AuthenticationFailed, "answered 401"),
        (Play(reset=True), errors.OroCommerceError, "lost"),
    ],
)
def test_run_takes_no_more_from_a_hostile_store_than_our_own_calls(
    connect: Callable[..., OroCommerceHook],
    monkeypatch: pytest.MonkeyPatch,
    play: Play,
    error: type[errors.OroCommerceError],
    says: str,
) -> None:
    import traceback

    from oro_provider.api import body

    monkeypatch.setattr(body, "LARGEST_BODY", 1024**2)
    with ScriptedServer([play]) as server:
        with pytest.raises(error, match=says) as raised:
            connect(server).run("admin/api/orders", data={"filter[email]": EMAIL})
        assert server.sent < 64 * 1024**2 * max(len(server.seen), 1)
        shown = "".join(traceback.format_exception(raised.value))
    assert [word for word in (EMAIL, SECRET, "scripted-token-1", "urllib3.") if word in shown] == []
