"""A login by browser on the wire: the pair of tokens, who refreshes it, and what every other client does meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from oro_provider.api import errors, oauth
from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.client import OroClient
from oro_provider.api.exchange import Retries
from oro_provider.api.grants import Authorization, ForeignRedirect, Grant, GrantStoreError, MemoryGrants
from oro_provider.api.settings import Settings
from oro_provider.sandbox import running
from tests.api.scripted import Play, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oro_provider.sandbox import RunningStore

CALLBACK = "http://127.0.0.1:8765/callback"
QUICK = Retries(attempts=3, first_wait=0.01, longest_wait=2.0)
_names = itertools.count()


@pytest.fixture(scope="module")
def store() -> Iterator[RunningStore]:
    with running(orders=1) as running_store:
        yield running_store


@pytest.fixture
def settings(store: RunningStore) -> Settings:
    # A name of its own for each test: tokens are kept by store, client and name for the whole process.
    return Settings(
        base_url=store.url,
        client_id=store.client_id,
        client_secret=store.client_secret,
        grant_type="authorization_code",
        grant_name=f"test-{next(_names)}",
    )


def first_pair(settings: Settings) -> Grant:
    """A pair that the store gave; by password, which gives the same pair as the browser."""
    form = {
        "grant_type": "password",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "username": "admin",
        "password": "admin",
    }
    given = requests.post(settings.token_url, data=form, timeout=10).json()
    return Grant(
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        expires_at=4e9,
        token_url=settings.token_url,
        client_id=settings.client_id,
    )


def read_by_requests(settings: Settings, grants: MemoryGrants) -> None:
    with OroClient(settings, retries=QUICK, grants=grants) as client:
        client.get("countries", "US")


def read_by_aiohttp(settings: Settings, grants: MemoryGrants) -> None:
    async def run() -> None:
        async with AsyncOroClient(settings, retries=QUICK, grants=grants) as client:
            await client.get("countries", "US")

    asyncio.run(run())


@pytest.fixture(params=[read_by_requests, read_by_aiohttp], ids=["requests", "aiohttp"])
def read(request: pytest.FixtureRequest) -> Callable[..., None]:
    return request.param


def token_requests(store: RunningStore) -> int:
    return sum(entry["path"] == "/oauth2-token" for entry in store.requests())


def test_a_kept_access_token_is_used_without_asking(
    settings: Settings, store: RunningStore, read: Callable[..., None]
) -> None:
    grants = MemoryGrants(first_pair(settings))
    store.forget_requests()
    read(settings, grants)
    assert token_requests(store) == 0


def test_an_old_access_token_is_refreshed_and_the_new_pair_put_away_before_it_is_used(
    settings: Settings, store: RunningStore, read: Callable[..., None]
) -> None:
    old = first_pair(settings)
    kept_when: list[int] = []

    class Watched(MemoryGrants):
        def keep(self, grant: Grant) -> None:
            kept_when.append(sum(entry["path"] != "/oauth2-token" for entry in store.requests()))
            super().keep(grant)

    grants = Watched(replace(old, expires_at=0.0))
    store.forget_requests()
    read(settings, grants)
    new = grants.read()
    assert new is not None
    assert {new.refresh_token, new.access_token}.isdisjoint({old.refresh_token, old.access_token})
    assert kept_when == [0]


def test_a_token_that_another_process_ended_is_taken_from_the_store(
    settings: Settings, read: Callable[..., None]
) -> None:
    grants = MemoryGrants(first_pair(settings))
    read(settings, grants)
    elsewhere = replace(settings, grant_name="another process")
    with OroClient(elsewhere, grants=grants) as other:
        other.token(stale=other.token())
    refreshed = grants.read()
    read(settings, grants)
    assert grants.read() == refreshed


def test_who_is_refused_waits_for_the_pair_of_the_one_that_was_faster(
    settings: Settings, read: Callable[..., None]
) -> None:
    used = first_pair(settings)
    other = MemoryGrants(replace(used, expires_at=0.0))
    read(replace(settings, grant_name="another process, which is faster"), other)
    newer = other.read()
    assert newer is not None
    grants = MemoryGrants(replace(used, expires_at=0.0))
    # The faster one has its answer already and is still putting it away.
    timer = threading.Timer(0.5, grants.keep, [newer])
    timer.start()
    read(settings, grants)
    timer.join()
    assert grants.read() == newer


def test_a_store_that_fails_at_the_refresh_ends_no_pair(
    settings: Settings, store: RunningStore, read: Callable[..., None]
) -> None:
    used = replace(first_pair(settings), expires_at=0.0)
    grants = MemoryGrants(used)
    store.fail("502", path="/oauth2-token")
    with pytest.raises(errors.ServerError, match="answered 502") as raised:
        read(settings, grants)
    assert not raised.value.permanent
    assert grants.read() == used
    store.heal()
    read(settings, grants)


def test_a_lost_grant_says_login(
    settings: Settings, read: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "NEWER_GRANT_SECONDS", 0.3)
    used = first_pair(settings)
    read(
        replace(settings, grant_name=f"killed before it put its pair away {next(_names)}"),
        MemoryGrants(replace(used, expires_at=0.0)),
    )
    with pytest.raises(errors.AuthenticationFailed, match="airflow orocommerce login") as raised:
        read(settings, MemoryGrants(replace(used, expires_at=0.0)))
    assert used.refresh_token not in str(raised.value)


def test_nobody_logged_in_yet(settings: Settings, read: Callable[..., None]) -> None:
    with pytest.raises(errors.AuthenticationFailed, match="Nobody has logged in"):
        read(settings, MemoryGrants())


def test_a_client_without_a_place_for_tokens_says_so(settings: Settings) -> None:
    with OroClient(settings) as client, pytest.raises(errors.AuthenticationFailed, match="grants="):
        client.token()


def test_a_refresh_token_goes_to_its_own_store_only(settings: Settings, read: Callable[..., None]) -> None:
    kept = replace(first_pair(settings), expires_at=0.0)
    with ScriptedServer([Play()]) as other:
        moved = replace(settings, base_url=other.url)
        with pytest.raises(errors.AuthenticationFailed, match="for another store or client id"):
            read(moved, MemoryGrants(kept))
        assert other.token_requests == 0


def test_a_grant_that_cannot_be_written_is_not_refreshed(
    settings: Settings, store: RunningStore, read: Callable[..., None]
) -> None:
    kept = replace(first_pair(settings), expires_at=0.0, read_only="it comes from the environment")
    store.forget_requests()
    with pytest.raises(errors.AuthenticationFailed, match="it comes from the environment"):
        read(settings, MemoryGrants(kept))
    assert token_requests(store) == 0


def test_a_pair_that_cannot_be_put_away_is_kept_in_mind_and_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(MemoryGrants):
        works = False

        def keep(self, grant: Grant) -> None:
            if not self.works:
                raise GrantStoreError("the database is away")
            super().keep(grant)

    monkeypatch.setattr(oauth, "KEEP_ATTEMPTS", 2)
    grants = Broken(replace(first_pair(settings), expires_at=0.0))
    with OroClient(settings, grants=grants) as client:
        with pytest.raises(errors.AuthenticationFailed, match="the database is away"):
            client.token()
        grants.works = True
        client.get("countries", "US")
        kept = grants.read()
    assert kept is not None
    assert kept.expires_at > 0


def test_many_threads_cause_one_refresh(settings: Settings, store: RunningStore) -> None:
    grants = MemoryGrants(replace(first_pair(settings), expires_at=0.0))
    store.forget_requests()
    threads = [threading.Thread(target=read_by_requests, args=(settings, grants)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert token_requests(store) == 1


async def test_a_cancelled_caller_does_not_take_the_new_pair_with_it(settings: Settings) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Slow(MemoryGrants):
        def keep(self, grant: Grant) -> None:
            loop.call_soon_threadsafe(asked.set)
            threading.Event().wait(0.2)
            super().keep(grant)

    old = replace(first_pair(settings), expires_at=0.0)
    grants = Slow(old)
    async with AsyncOroClient(settings, grants=grants) as client:
        reading = asyncio.create_task(client.get("countries", "US"))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    kept = grants.read()
    assert kept is not None
    assert kept.refresh_token != old.refresh_token
    await asyncio.to_thread(read_by_requests, settings, grants)


def test_every_token_is_announced_before_it_is_put_away(settings: Settings) -> None:
    announced: list[str] = []

    class Watched(MemoryGrants):
        def keep(self, grant: Grant) -> None:
            assert {grant.access_token, grant.refresh_token} <= set(announced)
            super().keep(grant)

    grants = Watched(replace(first_pair(settings), expires_at=0.0))
    with OroClient(settings, grants=grants, on_token=announced.append) as client:
        client.get("countries", "US")
    assert len(announced) == len(set(announced)) == 4


def test_a_public_client_logs_in_and_refreshes_without_a_secret(settings: Settings, store: RunningStore) -> None:
    public = replace(settings, client_id=f"{store.client_id}-public", client_secret="")
    authorization = Authorization(CALLBACK)
    with coded(store, authorization, public) as code:
        grants = MemoryGrants()
        with OroClient(public, grants=grants) as client:
            first = client.log_in_by(authorization, code)
            client.get("countries", "US")
            client.token(stale=client.token())
            client.get("countries", "US")
    assert grants.read() != first


@contextmanager
def coded(store: RunningStore, authorization: Authorization, settings: Settings) -> Iterator[str]:
    """The code that the store gives a browser at the authorization's page."""
    asked = parse_qs(urlsplit(authorization.url(settings)).query)
    tokens = store.shop.store.tokens
    yield tokens.add_code(tokens.clients[settings.client_id], authorization.redirect_uri, asked["code_challenge"][0])


@pytest.mark.parametrize("again", [False, True])
def test_a_code_is_good_for_one_login_by_its_own_verifier(settings: Settings, store: RunningStore, again: bool) -> None:
    authorization = Authorization(CALLBACK)
    with coded(store, authorization, settings) as code, OroClient(settings, grants=MemoryGrants()) as client:
        if again:
            client.log_in_by(authorization, code)
            with pytest.raises(errors.AuthenticationFailed, match="begin again"):
                client.log_in_by(authorization, code)
        else:
            with pytest.raises(errors.AuthenticationFailed, match="begin again") as raised:
                client.log_in_by(Authorization(CALLBACK), code)
            assert code not in str(raised.value)


def test_the_page_to_open_lies_below_the_admin_prefix_and_asks_for_s256(settings: Settings) -> None:
    authorization = Authorization(CALLBACK)
    page = urlsplit(authorization.url(replace(settings, admin_prefix="back", scope="all")))
    asked = {name: value[0] for name, value in parse_qs(page.query).items()}
    assert page.path == "/back/oauth2-token/authorize"
    assert asked.pop("code_challenge") not in {authorization.verifier, ""}
    assert asked == {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": CALLBACK,
        "state": authorization.state,
        "code_challenge_method": "S256",
        "scope": "all",
    }
    assert authorization.verifier not in page.query
    assert authorization.verifier not in repr(authorization)


@pytest.mark.parametrize(
    ("query", "error", "says"),
    [
        ("code=c", ForeignRedirect, "does not belong"),
        ("code=c&state=another", ForeignRedirect, "does not belong"),
        ("code=c&state=%ff", ForeignRedirect, "does not belong"),
        ("state={state}", errors.AuthenticationFailed, "holds no code"),
        ("state={state}&error=access_denied&error_description=x", errors.AuthenticationFailed, "was denied"),
        ("state={state}&error=%3Cscript%3E", errors.AuthenticationFailed, "refused the login"),
    ],
)
def test_what_comes_back_is_checked(query: str, error: type[Exception], says: str) -> None:
    authorization = Authorization(CALLBACK)
    with pytest.raises(error, match=says) as raised:
        authorization.code(f"{CALLBACK}?{query.format(state=authorization.state)}")
    assert type(raised.value) is error
    assert authorization.code(f" {CALLBACK}?state={authorization.state}&code=c%2Fd \n") == "c/d"
    with pytest.raises(ForeignRedirect):
        authorization.code("https://[")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"access_token": 1}', "[" * 100_000, '"\\ud800"'])
def test_what_is_kept_and_is_no_grant_says_login(text: str) -> None:
    with pytest.raises(errors.AuthenticationFailed, match="login again"):
        Grant.decode(text)


def test_a_grant_shows_no_token_and_survives_being_kept(settings: Settings) -> None:
    grant = first_pair(settings)
    assert Grant.decode(grant.encode()) == grant
    assert grant.access_token not in repr(grant)
    assert grant.refresh_token not in repr(grant)


def test_a_store_that_gives_no_refresh_token_is_named(settings: Settings) -> None:
    with ScriptedServer([Play()], tokens=[Play(body={"access_token": "t", "expires_in": 3600})]) as server:
        there = replace(settings, base_url=server.url)
        with (
            OroClient(there, grants=MemoryGrants()) as client,
            pytest.raises(errors.UnexpectedAnswer, match="refresh tokens are switched off"),
        ):
            client.log_in_by(Authorization(CALLBACK), "code")


def test_the_token_request_carries_what_a_gateway_asks_for() -> None:
    sent: dict[str, Any] = {}
    with ScriptedServer([Play(body={"data": {"type": "countries", "id": "US"}})]) as server:
        settings = Settings(
            base_url=server.url,
            client_id=server.client_id,
            client_secret="s",
            extra_headers={"X-Key": "k"},
            user_agent="us/1",
        )
        server.on_token = lambda seen: sent.update(seen.headers)
        with OroClient(settings) as client:
            client.get("countries", "US")
    assert (sent["x-key"], sent["user-agent"]) == ("k", "us/1")
