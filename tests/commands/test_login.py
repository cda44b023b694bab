"""`login`: through a browser and back, into the Variable that tasks read, with nothing said that opens the store."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from oro_provider.api.errors import AuthenticationFailed
from oro_provider.api.grants import Authorization, Grant
from oro_provider.grant_variable import VariableGrants, variable_of
from oro_provider.hooks.orocommerce import OroCommerceHook
from oro_provider.loopback import Loopback, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oro_provider.sandbox import RunningStore

pytestmark = pytest.mark.usefixtures("airflow_database")
BY_BROWSER = {"grant_type": "authorization_code"}


@pytest.fixture
def callback() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/callback"


@pytest.fixture
def forget() -> Iterator[None]:
    yield
    from airflow.models.variable import Variable

    for conn_id in ("shop", "shop_again"):
        Variable.delete(variable_of(conn_id))


def redirect(store: RunningStore, page: str, **more: str) -> str:
    """Where the store sends a browser that logged in and allowed the application at this page."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    tokens = store.shop.store.tokens
    code = tokens.add_code(tokens.clients[asked["client_id"]], asked["redirect_uri"], asked["code_challenge"])
    return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], **more})}"


@pytest.fixture
def browser(store: RunningStore, monkeypatch: pytest.MonkeyPatch) -> list[requests.Response]:
    """Stands in for the browser that `login` opens; the pages that it was shown at its end."""
    shown: list[requests.Response] = []

    def open_page(page: str) -> bool:
        def go() -> None:
            other = redirect(store, page, state="another login's")
            shown.append(requests.get(other, timeout=10))
            shown.append(requests.get(redirect(store, page), timeout=10))

        threading.Thread(target=go).start()
        return True

    monkeypatch.setattr("webbrowser.open", open_page)
    return shown


@pytest.mark.usefixtures("forget")
def test_a_login_by_browser_gives_every_hook_its_tokens(
    connect: Callable[..., str], command: Callable[..., Any], browser: list[requests.Response], callback: str
) -> None:
    conn_id = connect(extra=BY_BROWSER)
    said = command("login", conn_id, "--redirect-uri", callback)
    assert (said.status, said.out) == (0, "")
    assert "The Airflow Variable orocommerce_token__shop now holds" in said.err
    assert [page.status_code for page in browser] == [400, 200]
    assert "can be closed" in browser[1].text
    grant = VariableGrants(conn_id).read()
    assert grant is not None
    for secret in (grant.access_token, grant.refresh_token):
        assert secret not in said.err + browser[1].text
    hook = OroCommerceHook(conn_id)
    assert hook.get("countries", "US")["id"] == "US"
    hook.client.token(stale=hook.client.token())
    refreshed = VariableGrants(conn_id).read()
    assert refreshed is not None
    assert refreshed.refresh_token != grant.refresh_token


def forget_fernet() -> None:
    """Let Airflow read its Fernet key anew; 3.1 keeps it in a global, later ones in a cache."""
    from airflow.models import crypto

    if hasattr(crypto.get_fernet, "cache_clear"):
        crypto.get_fernet.cache_clear()
    else:
        crypto._fernet = None


@pytest.mark.usefixtures("forget")
def test_the_variable_is_encrypted_and_masked(
    connect: Callable[..., str], command: Callable[..., Any], browser: list[requests.Response], callback: str
) -> None:
    from airflow._shared.secrets_masker import should_hide_value_for_key
    from airflow.models.variable import Variable
    from airflow.sdk.log import redact
    from airflow.utils.session import create_session
    from cryptography.fernet import Fernet

    forget_fernet()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
        assert command("login", connect(extra=BY_BROWSER), "--redirect-uri", callback).status == 0
        grant = VariableGrants("shop").read()
        with create_session() as session:
            kept = session.query(Variable).filter(Variable.key == variable_of("shop")).one()
            assert kept.is_encrypted
            assert grant is not None
            assert grant.refresh_token not in kept._val
    forget_fernet()
    assert should_hide_value_for_key(variable_of("shop"))
    assert redact(f"{grant.access_token} {grant.refresh_token}") == "*** ***"


@pytest.mark.usefixtures("forget")
def test_without_a_browser_the_address_is_pasted(
    connect: Callable[..., str], store: RunningStore, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Person(io.StringIO):
        def readline(self, *_: Any) -> str:
            return redirect(store, told[0]) + "\n"

    def note(authorization: Authorization, settings: Any) -> str:
        page = url(authorization, settings)
        told.append(page)
        return page

    url = Authorization.url
    monkeypatch.setattr(Authorization, "url", note)
    monkeypatch.setattr("sys.stdin", Person())
    said = command("login", connect(extra=BY_BROWSER), "--paste", "--redirect-uri", "https://airflow.example.com/none")
    assert said.status == 0
    assert told[0] in said.err
    assert VariableGrants("shop").read() is not None


def test_printed_tokens_are_stored_nowhere_and_are_what_the_variable_takes(
    connect: Callable[..., str],
    command: Callable[..., Any],
    browser: list[requests.Response],
    callback: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = command("login", connect(extra=BY_BROWSER), "--print", "--redirect-uri", callback)
    grant = Grant.decode(said.out)
    assert VariableGrants("shop").read() is None
    assert "orocommerce_token__shop" in said.err
    # Where tasks cannot write, the access token serves until its end, and then the cure is named.
    monkeypatch.setenv("AIRFLOW_VAR_OROCOMMERCE_TOKEN__SHOP", said.out)
    hook = OroCommerceHook("shop")
    hook.client.forget_token()
    assert hook.get("countries", "US")["id"] == "US"
    old = json.dumps({**json.loads(said.out), "expires_at": 0})
    monkeypatch.setenv("AIRFLOW_VAR_OROCOMMERCE_TOKEN__SHOP", old)
    hook.client.forget_token()
    with pytest.raises(AuthenticationFailed, match="unset it and log in again"):
        hook.get("countries", "US")
    assert grant.refresh_token not in said.err


def test_a_variable_that_would_not_be_found_again_is_named_before_the_browser_opens(
    connect: Callable[..., str],
    command: Callable[..., Any],
    browser: list[requests.Response],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_OROCOMMERCE_TOKEN__SHOP", "{}")
    said = command("login", connect(extra=BY_BROWSER))
    assert said.status == 2
    assert "AIRFLOW_VAR_OROCOMMERCE_TOKEN__SHOP" in said.err
    assert browser == []


def test_a_secrets_backend_that_stands_before_the_database_is_found(
    connect: Callable[..., str], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.variable import Variable

    monkeypatch.setattr(Variable, "get", lambda *args, **kwargs: '{"from": "a vault"}')
    said = command("login", connect(extra=BY_BROWSER))
    assert said.status == 2
    assert "a secrets backend gives the Variable 'orocommerce_token__shop'" in said.err


def test_pairs_that_others_write_meanwhile_are_no_secrets_backend(
    connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.variable import Variable
    from airflow.secrets.metastore import MetastoreBackend

    connect(extra=BY_BROWSER)
    # Each read finds another pair, four times over; then they agree.
    pairs = iter([*map(str, range(8)), "8", "8", "8"])
    monkeypatch.setattr(Variable, "get", lambda *args, **kwargs: next(pairs))
    monkeypatch.setattr(MetastoreBackend, "get_variable", lambda *args, **kwargs: next(pairs))
    assert VariableGrants("shop").shadowed() == ""
    assert list(pairs) == []


def test_a_grant_that_needs_no_browser_says_so(connect: Callable[..., str], command: Callable[..., Any]) -> None:
    said = command("login", connect())
    assert said.status == 2
    assert "logs in by itself" in said.err


def test_an_unknown_connection_is_one_line(command: Callable[..., Any]) -> None:
    said = command("login", "no_such_connection")
    assert said.status == 2
    assert "no_such_connection" in said.err
    assert "Traceback" not in said.err


def test_nobody_comes_back(connect: Callable[..., str], command: Callable[..., Any], callback: str) -> None:
    said = command("login", connect(extra=BY_BROWSER), "--no-browser", "--redirect-uri", callback, "--timeout", "0.2")
    assert said.status == 2
    assert "Nobody came back" in said.err


def test_a_port_that_is_taken_is_named(connect: Callable[..., str], command: Callable[..., Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = command("login", connect(extra=BY_BROWSER), "--redirect-uri", f"http://127.0.0.1:{port}/callback")
    assert said.status == 2
    assert str(port) in said.err
    assert "--paste" in said.err


def test_a_denied_login_ends_at_once(callback: str) -> None:
    authorization = Authorization(callback)
    with Loopback(authorization) as loopback:
        denied = f"{callback}?error=access_denied&state={authorization.state}"
        pages: list[int] = []
        thread = threading.Thread(target=lambda: pages.append(requests.get(denied, timeout=5).status_code))
        thread.start()
        with pytest.raises(AuthenticationFailed, match="was denied"):
            loopback.code(5)
        thread.join()
    assert pages == [400]


def test_what_else_calls_the_listener_is_not_heard(callback: str) -> None:
    authorization = Authorization(callback)
    port = urlsplit(callback).port
    good = f"{callback}?code=c&state={authorization.state}"
    statuses: list[int] = []

    def call() -> None:
        with socket.create_connection(("127.0.0.1", port or 0)) as silent:
            silent.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
            silent.recv(100)
        for url, headers in (
            (f"http://127.0.0.1:{port}/favicon.ico", {}),
            (good, {"Host": f"evil.example:{port}"}),
            (good, {}),
        ):
            statuses.append(requests.get(url, headers=headers, timeout=5).status_code)

    with Loopback(authorization) as loopback:
        thread = threading.Thread(target=call)
        thread.start()
        assert loopback.code(10) == "c"
        thread.join()
    assert statuses == [404, 404, 200]


@pytest.mark.parametrize(
    ("uri", "ours"),
    [
        ("http://127.0.0.1:8765/callback", True),
        ("http://localhost:8765/", True),
        ("http://127.0.0.1/callback", False),
        ("https://127.0.0.1:8765/callback", False),
        ("http://10.0.0.1:8765/callback", False),
    ],
)
def test_only_a_port_of_this_machine_is_listened_on(uri: str, ours: bool) -> None:
    assert is_loopback(uri) is ours


def test_every_connection_has_a_variable_of_its_own() -> None:
    ids = ["shop", "a#b", "a/b", "a-b", "x" * 250, "x" * 249 + "y"]
    names = [variable_of(conn_id) for conn_id in ids]
    assert len(set(names)) == len(ids)
    assert all(re.fullmatch(r"[\w.-]{1,250}", name) for name in names)


def test_the_login_page_of_a_store_leads_back_to_us(
    connect: Callable[..., str], command: Callable[..., Any], callback: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oro_provider.sandbox import running

    with running(orders=1, redirect_uri=callback) as shop:

        def open_page(page: str) -> bool:
            threading.Thread(target=log_in, args=(page,)).start()
            return True

        def log_in(page: str) -> None:
            session = requests.Session()
            form = session.get(page, timeout=10)
            action = re.search(r'action="([^"]+)"', form.text)
            assert action is not None
            consent = session.post(
                f"{shop.url}{action[1]}", data={"_username": "admin", "_password": "admin"}, timeout=10
            )
            session.post(consent.url, data={"grantAccess": "true"}, timeout=10)

        monkeypatch.setattr("webbrowser.open", open_page)
        conn_id = connect("shop_again", extra=BY_BROWSER, host=shop.url)
        assert command("login", conn_id, "--redirect-uri", callback).status == 0
        assert OroCommerceHook(conn_id).get("countries", "US")["id"] == "US"
