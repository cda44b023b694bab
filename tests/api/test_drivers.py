"""One table of cases for both drivers: what a store does on the wire, and what a caller sees of it."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api import errors
from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.client import OroClient
from oro_provider.api.exchange import Failure, Request, Response, Retries
from oro_provider.api.gate import gate_of
from oro_provider.api.query import Query
from oro_provider.api.settings import Settings
from tests.api.scripted import TOKEN, Play, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD = {"data": {"type": "customers", "id": "1", "attributes": {"name": "Acme"}}}
HTML = {"Content-Type": "text/html; charset=UTF-8"}
QUICK = Retries(attempts=3, first_wait=0.01, longest_wait=2.0)


def settings_for(server: ScriptedServer, **more: Any) -> Settings:
    # A client id of its own: a port may be given again, and tokens are kept by store and client for the whole process.
    return Settings(base_url=server.url, client_id=server.client_id, client_secret="s3cret-value", **more)


def sync_perform(settings: Settings, ask: Callable[[Any], Any], retries: Retries = QUICK) -> Any:
    with OroClient(settings, retries=retries) as client:
        return client.perform(ask(client.calls))


def async_perform(settings: Settings, ask: Callable[[Any], Any], retries: Retries = QUICK) -> Any:
    async def run() -> Any:
        async with AsyncOroClient(settings, retries=retries) as client:
            return await client.perform(ask(client.calls))

    return asyncio.run(run())


@pytest.fixture(params=[sync_perform, async_perform], ids=["requests", "aiohttp"])
def perform(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return request.param


def read(calls: Any) -> Any:
    return calls.get("customers", "1")


def create(calls: Any) -> Any:
    return calls.create({"type": "customers", "attributes": {"name": "Acme"}})


def delete(calls: Any) -> Any:
    return calls.delete("customers", "1")


@dataclass(frozen=True)
class Case:
    """A script, what is asked, and what comes of it: requests seen, and the error (none: the record)."""

    name: str
    plays: list[Play]
    requests: int
    ask: Callable[[Any], Any] = read
    error: type[errors.OroCommerceError] | None = None
    says: str = ""
    logins: int = 1


OK = Play(body=RECORD)
OK_TOKEN = Play(body={**TOKEN, "access_token": "tok-2"})
VALIDATION = {
    "errors": [
        {
            "status": "400",
            "title": "not blank constraint",
            "detail": "This value should not be blank.",
            "source": {"pointer": "/data/attributes/name"},
        }
    ]
}
GONE = Play(404, {"errors": [{"status": "404", "title": "not found http exception",
    "detail": "An entity with the requested identifier does not exist."}]})  # fmt: skip
CASES = [
    Case("a record", [OK], 1),
    Case("a revoked token is renewed once", [Play(401), OK], 2, logins=2),
    Case("a second 401 is final", [Play(401)], 2, error=errors.AuthenticationFailed, says="was refused", logins=2),
    Case("a read survives a 500", [Play(500, {"errors": [{"status": "500", "title": "error exception"}]}), OK], 2),
    Case("a read survives a gateway's HTML 502", [Play(502, "<html>", HTML), OK], 2),
    Case("a read survives a lost connection", [Play(reset=True), OK], 2),
    Case("a read survives an answer that breaks off", [Play(body=RECORD, cut=True), OK], 2),
    Case("a read gives up after its attempts", [Play(503)], 3, error=errors.ServerError, says="answered 503"),
    Case("Retry-After is obeyed", [Play(429, headers={"Retry-After": "1"}), OK], 2),
    Case("a long Retry-After is left to the caller", [Play(429, headers={"Retry-After": "600"})], 1,
         error=errors.RateLimited, says="max_connections"),
    Case("maintenance is waited for", [Play(415, "<html>", HTML), OK], 2),
    Case("maintenance is named", [Play(415, "<html>", HTML)], 3, error=errors.Maintenance, says="maintenance"),
    Case("a wrong media type is final", [Play(415, [{"title": "unsupported media type http exception"}])], 1,
         error=errors.InvalidRequest, says="unsupported media type"),
    Case("a missing record", [Play(404, {"errors": [{"status": "404", "title": "not found http exception",
         "detail": "An entity with the requested identifier does not exist."}]})], 1, error=errors.NotFound, says="does not exist"),
    Case("a deletion whose answer was lost is found done", [Play(504), GONE], 2, ask=delete),
    Case("a deletion of what was never there", [Play(503), GONE], 2, ask=delete, error=errors.NotFound, says="does not exist"),
    Case("a deletion in a resource that is none", [Play(reset=True), Play(404, {"errors": [{"status": "404",
         "title": "entity type constraint", "detail": "Unknown entity type: nothing."}]})], 2, ask=delete, error=errors.NotFound),
    Case("an API that is switched off", [Play(404, {"errors": [{"status": "404", "title": "not found http exception"}]})], 1,
         error=errors.ApiUnavailable, says="oro_api.web_api"),
    Case("a prefix that leads nowhere", [Play(404, "<html>", HTML)], 1, error=errors.ApiUnavailable, says="admin_prefix"),
    Case("no permission", [Play(403, {"errors": [{"status": "403", "title": "access denied exception",
         "detail": "No access to this type of entities."}]})], 1, error=errors.PermissionDenied, says="No access to this type"),
    Case("a firewall's page", [Play(403, "<html>", HTML)], 1, error=errors.PermissionDenied, says="in front of the store"),
    Case("a gateway's own login", [Play(401, "<html>", {**HTML, "WWW-Authenticate": "Basic realm=x"})], 2, logins=2,
         error=errors.AuthenticationFailed, says="in front of the store"),
    Case("no OroCommerce at all", [Play(200, "<html>", HTML)], 1, error=errors.UnexpectedAnswer, says="OroCommerce"),
    Case("a redirect is not followed", [Play(302, headers={"Location": "https://elsewhere.example/x?y=1"})], 1,
         error=errors.UnexpectedAnswer, says="https://elsewhere.example"),
    Case("a write", [Play(201, RECORD)], 1, ask=create),
    Case("an upsert that found its record, through CGI", [Play(302, RECORD, {"Location": "https://elsewhere.example/x"})], 1, ask=create),
    Case("a write that is sent elsewhere", [Play(302, "<html>", {**HTML, "Location": "https://elsewhere.example/x"})], 1, ask=create,
         error=errors.UnexpectedAnswer, says="https://elsewhere.example"),
    Case("a write waits where it was not done", [Play(429), Play(503), Play(201, RECORD)], 3, ask=create),
    Case("a write is not repeated after a 502", [Play(502)], 1, ask=create, error=errors.OutcomeUnknown, says="may have done it"),
    Case("a write is not repeated after a lost answer", [Play(reset=True)], 1, ask=create, error=errors.OutcomeUnknown),
    Case("a refused write says why", [Play(400, VALIDATION)], 1, ask=create, error=errors.InvalidRequest,
         says="This value should not be blank. (at /data/attributes/name)"),
    Case("a conflict", [Play(409, {"errors": [{"status": "409", "title": "conflict constraint",
         "detail": "The entity already exists."}]})], 1, ask=create, error=errors.Conflict, says="already exists"),
    Case("a write of an empty 405", [Play(405)], 1, ask=create, error=errors.InvalidRequest, says="answered 405"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_caller_sees(case: Case, perform: Callable[..., Any]) -> None:
    with ScriptedServer(list(case.plays)) as server:
        if case.error is None:
            found = perform(settings_for(server), case.ask)
            assert found is None if case.ask is delete else found.resource.attributes == {"name": "Acme"}
        else:
            with pytest.raises(case.error) as raised:
                perform(settings_for(server), case.ask)
            assert type(raised.value) is case.error
            assert case.says in str(raised.value)
            assert "s3cret-value" not in str(raised.value)
        assert len(server.seen) == case.requests
        assert server.token_requests == case.logins


def test_a_request_carries_exactly_the_media_types_and_our_headers(perform: Callable[..., Any]) -> None:
    with ScriptedServer([Play(201, RECORD)]) as server:
        perform(settings_for(server, extra_headers={"X-Gateway-Key": "k"}, user_agent="us/1"), create)
        headers = server.seen[0].headers
    assert headers["accept"] == headers["content-type"] == "application/vnd.api+json"
    assert headers["authorization"] == "Bearer scripted-token-1"
    assert headers["x-gateway-key"] == "k"
    assert headers["user-agent"] == "us/1"


def test_a_host_that_is_down_is_named(perform: Callable[..., Any]) -> None:
    with ScriptedServer([OK]) as server:
        settings = settings_for(server)
    with pytest.raises(errors.ConnectionFailed, match="cannot be reached"):
        perform(settings, create)


def test_a_host_that_does_not_exist_is_named(perform: Callable[..., Any]) -> None:
    settings = Settings(base_url="https://no-such-host.invalid", client_id="robot", client_secret="s3cret-value")
    with pytest.raises(errors.ConnectionFailed, match=r"https://no-such-host\.invalid cannot be reached"):
        perform(settings, read)


def test_a_store_that_does_not_answer_in_time(perform: Callable[..., Any]) -> None:
    with (
        ScriptedServer([Play(body=RECORD, delay=1.0)]) as server,
        pytest.raises(errors.OutcomeUnknown, match="read_timeout"),
    ):
        perform(settings_for(server, read_timeout=0.1), create)


@dataclass(frozen=True)
class Refusal:
    name: str
    play: Play
    error: type[errors.OroCommerceError]
    says: str
    more: dict[str, Any]
    asked: int = 1


REFUSALS = [
    Refusal("a wrong secret", Play(401, {"error": "invalid_client", "message": "Client authentication failed"}),
            errors.AuthenticationFailed, "client secret", {}),
    Refusal("a wrong user password", Play(400, {"error": "invalid_grant"}), errors.AuthenticationFailed, "user's password",
            {"grant_type": "password", "username": "u", "user_password": "p"}),
    Refusal("a grant that the store lacks", Play(400, {"error": "unsupported_grant_type"}), errors.AuthenticationFailed,
            "does not know the grant", {}),
    Refusal("no client id", Play(400, {"error": "invalid_request"}), errors.AuthenticationFailed, "client id (login) of the connection", {}),
    Refusal("a refusal that is no object", Play(400, ["no"]), errors.AuthenticationFailed, "an OroCommerce store?", {}),
    Refusal("a store that repeats the secret", Play(401, {"error": "invalid_client", "hint": "s3cret-value"}),
            errors.AuthenticationFailed, "***", {}),
    Refusal("HTML instead of a token", Play(200, "<html>login", HTML), errors.UnexpectedAnswer, "HTML instead of a token", {}),
    Refusal("JSON that is no token", Play(200, {"hello": 1}), errors.UnexpectedAnswer, "instead of a token", {}),
    Refusal("a wrong token path", Play(404, {"code": 404}), errors.NotFound, "never below the admin prefix", {}),
    Refusal("maintenance", Play(503, {"code": 503}), errors.Maintenance, "maintenance", {}, 3),
    Refusal("a gateway's error", Play(502, "<html>", HTML), errors.ServerError, "answered 502", {}, 3),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_a_refused_login_says_what_to_do(case: Refusal, perform: Callable[..., Any]) -> None:
    with ScriptedServer([OK], tokens=[case.play]) as server:
        with pytest.raises(case.error) as raised:
            perform(settings_for(server, **case.more), read)
        assert case.says in str(raised.value)
        assert "s3cret-value" not in str(raised.value)
        assert not server.seen
        assert server.token_requests == case.asked


def test_a_missing_token_endpoint_is_told_with_the_whole_address(perform: Callable[..., Any]) -> None:
    """With the path of a store that lies below one: it is what may be wrong."""
    with ScriptedServer([Play(404, {"code": 404})]) as server:
        settings = settings_for(server)
        below = dataclasses.replace(settings, base_url=f"{settings.base_url}/shop")
        with pytest.raises(errors.NotFound, match=re.escape(f"check host ({settings.base_url}/shop)")):
            perform(below, read)


def test_what_the_store_said_ends_with_one_full_stop(perform: Callable[..., Any]) -> None:
    denied = {"errors": [{"status": "403", "title": "access denied exception", "detail": "No access to the entity."}]}
    said = pytest.raises(errors.PermissionDenied, match=r"No access to the entity\. Give the role")
    with ScriptedServer([Play(403, denied)]) as server, said:
        perform(settings_for(server), read)


def test_many_threads_cause_one_token_request() -> None:
    with ScriptedServer([OK], tokens=[Play(body={"access_token": "t", "expires_in": 3600}, delay=0.2)]) as server:
        settings = settings_for(server)
        threads = [threading.Thread(target=sync_perform, args=(settings, read)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.token_requests == 1
        assert len(server.seen) == 12


async def test_many_coroutines_cause_one_token_request() -> None:
    with ScriptedServer([OK], tokens=[Play(body={"access_token": "t", "expires_in": 3600}, delay=0.2)]) as server:
        async with AsyncOroClient(settings_for(server)) as client:
            await asyncio.gather(*(client.perform(read(client.calls)) for _ in range(50)))
        assert server.token_requests == 1
        assert len(server.seen) == 50


async def test_who_waits_for_a_refused_login_does_not_ask_again() -> None:
    refused = Play(401, {"error": "invalid_client"}, delay=0.2)
    with ScriptedServer([OK], tokens=[refused]) as server:
        async with AsyncOroClient(settings_for(server)) as client:
            found = await asyncio.gather(
                *(client.perform(read(client.calls)) for _ in range(20)), return_exceptions=True
            )
        assert {type(error) for error in found} == {errors.AuthenticationFailed}
        assert server.token_requests == 1


def test_both_drivers_share_the_token() -> None:
    with ScriptedServer([OK]) as server:
        settings = settings_for(server)
        sync_perform(settings, read)
        async_perform(settings, read)
        assert server.token_requests == 1


def test_a_token_is_renewed_before_it_ends(perform: Callable[..., Any]) -> None:
    # A lifetime of 0.2 s: renewed at its half, since the lead of 60 s is longer than it lives.
    with ScriptedServer([OK], tokens=[Play(body={"access_token": "t", "expires_in": 0.2})]) as server:
        settings = settings_for(server)
        perform(settings, read)
        threading.Event().wait(0.15)
        perform(settings, read)
        assert server.token_requests == 2


def test_each_token_is_announced_before_it_is_used() -> None:
    announced: list[str] = []
    with (
        ScriptedServer([Play(401), OK]) as server,
        OroClient(settings_for(server), on_token=announced.append) as client,
    ):
        client.perform(read(client.calls))
    assert announced == ["scripted-token-1", "scripted-token-2"]


def test_a_netrc_entry_does_not_replace_the_token(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedServer([OK]) as server:
        sync_perform(settings_for(server), read)
        assert server.seen[0].headers["authorization"] == "Bearer scripted-token-1"


def test_requests_per_second_holds_for_the_process(perform: Callable[..., Any]) -> None:

    with ScriptedServer([OK]) as server:
        settings = settings_for(server, requests_per_second=20.0)
        started = time.monotonic()
        for _ in range(4):
            perform(settings, read)
        # Five requests (one for the token) at 20 a second: the last one starts 0.2 s after the first.
        assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    "refusal", [Play(401, "<html>", {**HTML, "WWW-Authenticate": "Basic realm=x"}), Play(403, "<html>", HTML)]
)
def test_a_gateway_that_keeps_a_login_out_is_named(perform: Callable[..., Any], refusal: Play) -> None:
    with (
        ScriptedServer([OK], tokens=[refusal]) as server,
        pytest.raises(errors.OroCommerceError, match="in front of the store"),
    ):
        perform(settings_for(server), read)


async def test_a_client_that_is_closed_does_not_wait_for_a_login() -> None:
    with ScriptedServer([OK], tokens=[Play(body={**TOKEN, "access_token": "tok-1"}, delay=2), OK_TOKEN]) as server:
        settings = settings_for(server)
        started = time.monotonic()
        with pytest.raises(asyncio.TimeoutError):
            async with AsyncOroClient(settings) as client:
                await asyncio.wait_for(client.token(), 0.1)
        assert time.monotonic() - started < 1.5
        async with AsyncOroClient(settings) as client:
            assert (await client.token()).value == "tok-2"


def test_a_retry_after_of_nothing_is_still_waited_for() -> None:
    refused = Response(429, {"retry-after": "0"})
    waits = [Retries().wait(Request("GET", "https://shop.example.com/"), refused, attempt) for attempt in range(1, 5)]
    assert all(wait is not None and wait >= 0.25 * 2**number for number, wait in enumerate(waits))


async def test_requests_that_wait_for_a_place_do_not_save_up_their_moments() -> None:
    sent: list[float] = []

    class Watched(AsyncOroClient):
        async def _exchange(self, session: Any, request: Request) -> Response | Failure:
            sent.append(time.monotonic())
            return await super()._exchange(session, request)

    with ScriptedServer([Play(body=RECORD, delay=0.6), Play(body=RECORD, delay=0.6), OK]) as server:
        async with Watched(settings_for(server, requests_per_second=20.0, max_connections=2)) as client:
            await asyncio.gather(*(client.perform(read(client.calls)) for _ in range(14)))
    first, *others = sorted(sent)[1:]  # without the token
    behind = [moment - first for moment in others]
    assert behind[1] >= 0.5  # the two slow ones held all the places
    assert behind[-1] - behind[1] >= 8 * 0.05


async def test_a_cancelled_request_says_nothing_of_the_store() -> None:
    with ScriptedServer([Play(body=RECORD, delay=0.5), OK]) as server:
        settings = settings_for(server, max_connections=5)
        async with AsyncOroClient(settings) as client:
            await client.token()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.perform(read(client.calls)), 0.1)
            assert gate_of(settings.origin, 5, settings.read_timeout).pressure.limit == 5


def test_a_long_filter_goes_as_a_body(perform: Callable[..., Any]) -> None:
    skus = [f"SKU-{number:05}" for number in range(2000)]
    with ScriptedServer([Play(body={"data": []}, headers={"Date": "Sat, 07 Nov 2026 10:00:00 GMT"})]) as server:
        page = perform(
            settings_for(server), lambda calls: calls.page("products", Query(filters={"sku": skus}, size=100))
        )
        seen = server.seen[0]
    assert (seen.method, seen.headers["x-http-method-override"]) == ("POST", "GET")
    assert b'"page":{"size":"100"}' in seen.body
    assert page.date is not None
    assert page.date.isoformat() == "2026-11-07T10:00:00+00:00"


@pytest.mark.parametrize("id_", ["", ".", ".."])
def test_an_id_never_climbs_out_of_the_api(id_: str) -> None:
    with ScriptedServer([OK]) as server, pytest.raises(ValueError, match="no id"):
        sync_perform(settings_for(server), lambda calls: calls.get("orders", id_))
    assert not server.seen


def test_an_id_is_one_segment(perform: Callable[..., Any]) -> None:
    with ScriptedServer([OK]) as server:
        perform(settings_for(server), lambda calls: calls.get("customers", "../users/1?x#y"))
        assert server.seen[0].path == "/admin/api/customers/..%2Fusers%2F1%3Fx%23y"
