"""What reaches the wire, on both drivers: TLS, proxies, time-outs, and what is not taken from a hostile store."""

from __future__ import annotations

import asyncio
import base64
import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api import body, errors
from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.client import OroClient
from oro_provider.api.exchange import Retries
from oro_provider.api.oauth import Token, token_slot
from oro_provider.api.query import Query
from oro_provider.api.settings import Settings
from tests.api.broken_tls import BrokenRecords
from tests.api.certificates import Authority, make_authority
from tests.api.scripted import Play, ScriptedServer
from tests.api.test_drivers import RECORD, async_perform, create, read, settings_for, sync_perform
from tests.api.tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = Play(body=RECORD)
# An answer for whatever is asked: a token and a record.
ANYTHING = Play(body={"access_token": "tok-1", "expires_in": 3600, **RECORD})
ENVIRONMENT = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(params=[sync_perform, async_perform], ids=["requests", "aiohttp"])
def perform(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return request.param


def sync_pages(settings: Settings) -> list[Any]:
    with OroClient(settings) as client:
        return list(client.pages("customers", Query(size=1)))


def async_pages(settings: Settings) -> list[Any]:
    async def run() -> list[Any]:
        async with AsyncOroClient(settings) as client:
            return [page async for page in client.pages("customers", Query(size=1))]

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def secure(authority: Authority) -> Iterator[ScriptedServer]:
    with ScriptedServer([OK], tls=authority.server_context()) as server:
        yield server


class TestTls:
    def test_an_unknown_authority_is_not_trusted(self, perform: Callable[..., Any], secure: ScriptedServer) -> None:
        with pytest.raises(errors.ConnectionFailed, match="certificate that is not trusted"):
            perform(settings_for(secure), read)
        assert secure.token_requests == 0

    def test_the_connections_authority_is(
        self, perform: Callable[..., Any], secure: ScriptedServer, authority: Authority
    ) -> None:
        perform(settings_for(secure, verify=authority.ca), read)
        assert secure.token_requests == 1

    def test_the_environment_does_not_replace_the_connections_authority(
        self,
        perform: Callable[..., Any],
        secure: ScriptedServer,
        authority: Authority,
        stranger: Authority,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", stranger.ca)
        perform(settings_for(secure, verify=authority.ca), read)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.ca)
        with pytest.raises(errors.ConnectionFailed, match="not trusted"):
            perform(settings_for(secure, verify=stranger.ca), read)

    def test_the_environments_authority_counts_where_the_connection_names_none_and_lets_it(
        self, perform: Callable[..., Any], secure: ScriptedServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.ca)
        perform(settings_for(secure), read)
        with pytest.raises(errors.ConnectionFailed, match="not trusted"):
            perform(settings_for(secure, trust_env=False, user_password="another identity"), read)

    def test_the_systems_authorities_count_for_requests_too(
        self, secure: ScriptedServer, authority: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # aiohttp reads them when it is imported.
        monkeypatch.setenv("SSL_CERT_FILE", authority.ca)
        sync_perform(settings_for(secure), read)
        with pytest.raises(errors.ConnectionFailed, match="not trusted"):
            sync_perform(settings_for(secure, verify=stranger.ca, user_password="another identity"), read)

    def test_unverified_is_unverified_whatever_the_environment_says(
        self, perform: Callable[..., Any], secure: ScriptedServer, stranger: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", stranger.ca)
        perform(settings_for(secure, verify=False), read)

    @pytest.mark.parametrize("pair", [False, True])
    def test_a_client_certificate_reaches_a_store_that_asks_for_it(
        self, perform: Callable[..., Any], authority: Authority, pair: bool
    ) -> None:
        cert = (authority.client_certificate, authority.client_key) if pair else authority.client
        with ScriptedServer([OK], tls=authority.server_context(ask_client=True)) as server:
            with pytest.raises(errors.OroCommerceError):
                perform(settings_for(server, verify=authority.ca), read)
            assert server.token_requests == 0
            perform(settings_for(server, verify=authority.ca, cert=cert), read)
            assert server.token_requests == 1

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    @pytest.mark.parametrize("given", [False, True])
    def test_a_client_certificate_that_is_missing_or_foreign_is_named(
        self,
        perform: Callable[..., Any],
        authority: Authority,
        stranger: Authority,
        version: ssl.TLSVersion,
        given: bool,
    ) -> None:
        context = authority.server_context(ask_client=True)
        context.maximum_version = version
        cert = stranger.client if given else None
        with (
            ScriptedServer([OK], tls=context) as server,
            pytest.raises(errors.ConnectionFailed, match=r"client certificate.*\(see cert\)"),
        ):
            perform(settings_for(server, verify=authority.ca, cert=cert), read)

    def test_a_port_without_tls_is_named(self, perform: Callable[..., Any]) -> None:
        with ScriptedServer([OK]) as server:
            settings = replace(settings_for(server), base_url=server.url.replace("http:", "https:"))
            with pytest.raises(errors.ConnectionFailed, match="speaks no TLS"):
                perform(settings, read)

    def test_a_write_is_not_repeated_after_tls_broke_under_its_answer(
        self, perform: Callable[..., Any], authority: Authority
    ) -> None:
        with BrokenRecords(authority) as server:
            settings = Settings(base_url=server.url, client_id="robot", verify=authority.ca)
            token_slot(settings).token = Token("tok-1", time.monotonic() + 1000)
            with pytest.raises(errors.OutcomeUnknown, match="TLS"):
                perform(settings, create)
            assert server.requests == 1

    def test_the_environments_authority_that_is_gone_is_named(
        self, perform: Callable[..., Any], secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/gone/ca.pem")
        with pytest.raises(errors.ConnectionFailed, match=r"REQUESTS_CA_BUNDLE.* cannot be read"):
            perform(settings_for(secure), read)

    def test_a_certificate_that_cannot_be_read_is_named(self, perform: Callable[..., Any], tmp_path: Any) -> None:
        broken = tmp_path / "broken.pem"
        broken.write_text("no certificate")
        for more in ({"cert": str(broken)}, {"verify": str(broken)}, {"cert": str(tmp_path / "gone.pem")}):
            settings = Settings(base_url="https://127.0.0.1:9", client_id="robot", client_secret="s3cret-value", **more)
            with pytest.raises(errors.ConnectionFailed) as raised:
                perform(settings, read)
            assert str(tmp_path) not in str(raised.value)


class TestProxies:
    def test_requests_to_http_go_through_the_connections_proxy(self, perform: Callable[..., Any]) -> None:
        with ScriptedServer([ANYTHING]) as proxy:
            perform(
                Settings(
                    base_url="http://store.invalid",
                    client_id=proxy.client_id,
                    client_secret="s",
                    proxies={"http": proxy.url},
                ),
                read,
            )
            assert [seen.path for seen in proxy.seen] == [
                "http://store.invalid/oauth2-token",
                "http://store.invalid/admin/api/customers/1",
            ]

    def test_tls_goes_through_a_tunnel_whose_password_the_store_does_not_see(
        self, perform: Callable[..., Any], secure: ScriptedServer, authority: Authority
    ) -> None:
        with Tunnel() as tunnel:
            proxies = {"https": f"http://someone:pa%40ss@{tunnel.address}"}
            perform(settings_for(secure, verify=authority.ca, proxies=proxies), read)
            assert set(tunnel.asked) == {
                (secure.url.removeprefix("https://"), f"Basic {base64.b64encode(b'someone:pa@ss').decode()}")
            }
        assert "proxy-authorization" not in secure.seen[0].headers

    def test_the_connections_proxy_goes_before_the_environments_and_its_exceptions(
        self, perform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with ScriptedServer([ANYTHING]) as own, ScriptedServer([ANYTHING]) as other:
            monkeypatch.setenv("HTTP_PROXY", other.url)
            monkeypatch.setenv("http_proxy", other.url)
            monkeypatch.setenv("NO_PROXY", "store.invalid")
            perform(
                Settings(
                    base_url="http://store.invalid",
                    client_id=own.client_id,
                    client_secret="s",
                    proxies={"http": own.url},
                ),
                read,
            )
            assert (len(own.seen) > 0, other.seen) == (True, [])

    @pytest.mark.parametrize("scheme", ["http://", ""])
    def test_the_environments_proxy_counts_where_the_connection_lets_it(
        self, perform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, scheme: str
    ) -> None:
        with ScriptedServer([ANYTHING]) as proxy, ScriptedServer([OK]) as store:
            monkeypatch.setenv("http_proxy", f"{scheme}{proxy.url.removeprefix('http://')}")
            perform(settings_for(store), read)
            assert len(proxy.seen) == 2
            perform(settings_for(store, trust_env=False, user_password="another identity"), read)
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            perform(settings_for(store, user_password="a third identity"), read)
            assert (len(proxy.seen), len(store.seen)) == (2, 2)

    def test_a_proxy_that_is_down_is_named_without_its_password(self, perform: Callable[..., Any]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = Settings(
            base_url="https://store.invalid",
            client_id="c",
            client_secret="s",
            proxies={"https": f"http://someone:pa55word@127.0.0.1:{port}"},
        )
        with pytest.raises(errors.ConnectionFailed, match="proxy") as raised:
            perform(settings, read)
        assert "pa55word" not in chain(raised.value)

    def test_a_socks_proxy_of_the_environment_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:9")
        with ScriptedServer([OK]) as store, pytest.raises(errors.ConnectionFailed, match="SOCKS"):
            async_perform(settings_for(store), read)

    def test_a_netrc_entry_changes_nothing(
        self, perform: Callable[..., Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login other password other\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        logins: list[str | None] = []
        with ScriptedServer([OK]) as server:
            server.on_token = lambda seen: logins.append(seen.headers.get("authorization"))
            perform(settings_for(server), read)
            assert logins == [None]
            assert server.seen[0].headers["authorization"] == "Bearer scripted-token-1"


class TestTimeouts:
    def test_the_tokens_request_has_one_too(self, perform: Callable[..., Any]) -> None:
        started = time.monotonic()
        with (
            ScriptedServer([OK], tokens=[Play(body={}, delay=5)]) as server,
            pytest.raises(errors.ConnectionFailed, match="read_timeout"),
        ):
            perform(settings_for(server, read_timeout=0.1), read)
        assert time.monotonic() - started < 4

    def test_a_port_that_takes_no_connection(self, perform: Callable[..., Any]) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = full.getsockname()
            crowd = [socket.socket() for _ in range(4)]
            for one in crowd:
                one.setblocking(False)
                one.connect_ex(address)
            settings = Settings(
                base_url=f"http://127.0.0.1:{address[1]}", client_id="d", client_secret="s", connect_timeout=0.2
            )
            started = time.monotonic()
            with pytest.raises(errors.ConnectionFailed, match=r"within 0\.2 s"):
                perform(settings, read)
            assert time.monotonic() - started < 5
            for one in crowd:
                one.close()

    @pytest.mark.parametrize(
        ("before", "drop"),
        [
            (None, b" "),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;extension=", b"x"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nTrailer: ", b"x"),
        ],
        ids=["body", "size of a chunk", "extension of a chunk", "trailer"],
    )
    def test_a_body_that_drips_for_ever(self, perform: Callable[..., Any], before: bytes | None, drop: bytes) -> None:
        drips = Play(endless=drop, pause=0.02, before=before)
        with ScriptedServer([drips]) as server:
            started = time.monotonic()
            with pytest.raises(errors.UnexpectedAnswer) as raised:
                perform(settings_for(server, read_timeout=5, longest_answer=0.3), read)
            assert time.monotonic() - started < 5
            assert len(server.seen) == 1
        assert "s3cret-value" not in chain(raised.value)

    @pytest.mark.parametrize(
        ("before", "drop"),
        [
            (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
            (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
            (b"", b"H"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
        ids=["header", "headers", "status", "interim answers"],
    )
    def test_headers_that_drip_for_ever(self, perform: Callable[..., Any], before: bytes, drop: bytes) -> None:
        drips = Play(endless=drop, pause=0.02, before=before)
        with ScriptedServer([drips]) as server:
            started = time.monotonic()
            with pytest.raises(errors.OroCommerceError) as raised:
                perform(settings_for(server, connect_timeout=0.2, read_timeout=0.3), read, retries=Retries(attempts=1))
            assert time.monotonic() - started < 4
        assert "s3cret-value" not in chain(raised.value)

    def test_a_token_that_drips_for_ever(self, perform: Callable[..., Any]) -> None:
        drips = Play(endless=b"x", pause=0.02, before=b"HTTP/1.1 200 OK\r\nX: ")
        with ScriptedServer([OK], tokens=[drips]) as server:
            started = time.monotonic()
            with pytest.raises(errors.TimedOut):
                perform(settings_for(server, connect_timeout=0.2, read_timeout=0.3), read, retries=Retries(attempts=1))
            assert time.monotonic() - started < 4

    def test_a_proxy_that_drips_its_answer_for_ever(self, perform: Callable[..., Any]) -> None:
        drips = Play(endless=b"x", pause=0.02, before=b"HTTP/1.1 200 OK\r\nX: ")
        with ScriptedServer([drips]) as proxy:
            settings = Settings(
                base_url="https://store.invalid",
                client_id=proxy.client_id,
                client_secret="s",
                proxies={"https": proxy.url},
                connect_timeout=0.2,
                read_timeout=0.3,
            )
            started = time.monotonic()
            with pytest.raises(errors.OroCommerceError):
                perform(settings, read, retries=Retries(attempts=1))
            assert time.monotonic() - started < 4

    def test_the_session_for_other_operators_ends_it_too(self) -> None:
        from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter

        from oro_provider.api.session import StoreSession

        drips = Play(endless=b"x", pause=0.02, before=b"HTTP/1.1 200 OK\r\nX: ")
        with ScriptedServer([drips]) as server, OroClient(settings_for(server)) as client:
            started = time.monotonic()
            for adapter in (None, TCPKeepAliveAdapter(idle=60, count=5, interval=30)):
                session = StoreSession(client)
                if adapter is not None:  # as HttpHook.run does
                    session.mount(server.url, adapter)
                with pytest.raises(errors.TimedOut):
                    session.get(f"{server.url}/admin/api/customers/1", timeout=(0.2, 0.3))
            assert time.monotonic() - started < 4


class TestHostileAnswers:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_takes_no_token_elsewhere(self, perform: Callable[..., Any], status: int) -> None:
        with ScriptedServer([ANYTHING]) as other:
            away = Play(status, headers={"Location": f"{other.url}/admin/api/customers/1"})
            with ScriptedServer([away]) as server, pytest.raises(errors.UnexpectedAnswer, match=other.url):
                perform(settings_for(server), read)
            with ScriptedServer([OK], tokens=[away]) as server, pytest.raises(errors.UnexpectedAnswer, match=other.url):
                perform(settings_for(server), read)
            assert (other.seen, other.token_requests) == ([], 0)

    def test_a_redirect_loop_is_not_walked(self, perform: Callable[..., Any]) -> None:
        with (
            ScriptedServer([Play(302, headers={"Location": "/admin/api/customers/1"})]) as server,
            pytest.raises(errors.UnexpectedAnswer),
        ):
            perform(settings_for(server), read)
        assert len(server.seen) == 1

    @pytest.mark.parametrize("pages_of", [sync_pages, async_pages], ids=["requests", "aiohttp"])
    def test_the_next_page_is_ours_whatever_the_store_links(self, pages_of: Callable[..., list[Any]]) -> None:
        with ScriptedServer([ANYTHING]) as other:
            elsewhere = f"{other.url}/admin/api/customers"
            row = {"type": "customers", "id": "1", "links": {"self": f"{elsewhere}/1"}}
            linked = Play(
                body={"data": [row], "links": {"next": f"{elsewhere}?page[number]=2", "self": elsewhere}},
                headers={
                    "Link": f'<{elsewhere}>; rel="next"',
                    "Content-Location": elsewhere,
                    "Refresh": f"0; url={elsewhere}",
                },
            )
            with ScriptedServer([linked, Play(body={"data": []})]) as server:
                assert len(pages_of(settings_for(server))) == len(server.seen) == 2
            assert (other.seen, other.token_requests) == ([], 0)

    @pytest.mark.parametrize("announced", [False, True])
    def test_ten_gigabytes_are_not_read(
        self, perform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, announced: bool
    ) -> None:
        monkeypatch.setattr(body, "LARGEST_BODY", 1024**2)
        headers = {"Content-Length": str(10**10)} if announced else {}
        with ScriptedServer([Play(endless=b" " * 65536, headers=headers)]) as server:
            with pytest.raises(errors.UnexpectedAnswer, match="larger than 1 MiB"):
                perform(settings_for(server), read)
            assert server.sent < 64 * 1024**2  # what the kernel's buffers took beyond the limit
            assert len(server.seen) == 1

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
    def test_a_bomb_is_not_unpacked(
        self, perform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, encoding: str
    ) -> None:
        monkeypatch.setattr(body, "LARGEST_BODY", 4 * 1024**2)
        bits = {"gzip": 31, "deflate": 15, "raw deflate": -15}[encoding]
        packer = zlib.compressobj(wbits=bits)
        packed = b"".join(packer.compress(b"0" * 1024**2) for _ in range(256)) + packer.flush()
        bomb = Play(body=packed, headers={"Content-Encoding": encoding.removeprefix("raw ")})
        with ScriptedServer([bomb]) as server:
            tracemalloc.start()
            with pytest.raises(errors.UnexpectedAnswer, match="larger than 4 MiB"):
                perform(settings_for(server), read)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 32 * 1024**2

    @pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw deflate", "two gzips"])
    def test_what_is_packed_is_unpacked(self, perform: Callable[..., Any], encoding: str) -> None:
        text = OK.payload
        packed = {
            "gzip": gzip.compress(text),
            "x-gzip": gzip.compress(text),
            "deflate": zlib.compress(text),
            "raw deflate": zlib.compress(text)[2:-4],
            "two gzips": gzip.compress(text[:20]) + gzip.compress(text[20:]),
        }[encoding]
        name = {"raw deflate": "deflate", "two gzips": "gzip"}.get(encoding, encoding)
        with ScriptedServer([Play(body=packed, headers={"Content-Encoding": name})]) as server:
            assert perform(settings_for(server), read).resource.attributes == {"name": "Acme"}
            assert server.seen[0].headers["accept-encoding"] == "gzip, deflate"

    @pytest.mark.parametrize(
        ("play", "error", "says"),
        [
            (Play(body=b"\x1f\x8b broken", headers={"Content-Encoding": "gzip"}), errors.UnexpectedAnswer, "cannot be unpacked"),
            (Play(body=gzip.compress(b" " * 99)[:-9], headers={"Content-Encoding": "gzip"}), errors.TruncatedAnswer, "broke off"),
            (Play(body=b"x", headers={"Content-Encoding": "br"}), errors.UnexpectedAnswer, "not asked for"),
            (Play(body=b"x", headers={"Content-Encoding": "gzip, gzip"}), errors.UnexpectedAnswer, "not asked for"),
            (Play(body="a,b\n", headers={"Content-Type": "text/csv"}), errors.UnexpectedAnswer, "text/csv instead of JSON"),
            (Play(body=b'{"data": "\xff\xfe"}'), errors.UnexpectedAnswer, "not JSON"),
            (Play(body="[" * 200_000), errors.UnexpectedAnswer, "deep|not JSON"),
            (Play(body='{"data":' + '{"attributes":' * 100_000), errors.UnexpectedAnswer, "deep|not JSON"),
            (Play(body="null"), errors.UnexpectedAnswer, "no JSON:API document"),
            (Play(body={"data": {"type": "customers", "id": 1}}), errors.UnexpectedAnswer, "no type or id"),
            (Play(body={**RECORD, "included": 7}), errors.UnexpectedAnswer, "no list"),
            (Play(body={**RECORD, "included": [7]}), errors.UnexpectedAnswer, "no type or id"),
            (Play(body={"data": {"type": "a", "id": "1", "relationships": {"b": {"data": [1]}}}}), errors.UnexpectedAnswer, "reference"),
            (Play(302, headers={"Location": "https://[broken"}), errors.UnexpectedAnswer, "answered 302"),
            (Play(raw=b"SSH-2.0-OpenSSH_9.9\r\n"), errors.OroCommerceError, "lost|speak"),
            (Play(raw=b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), errors.OroCommerceError, "200|customers/1"),
            (Play(raw=b"HTTP/1.1 999999 No\r\n\r\n"), errors.OroCommerceError, "customers/1"),
            (Play(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2000 + b"\r\n"), errors.OroCommerceError, "200|customers/1"),
            (Play(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"), errors.OroCommerceError, "customers/1"),
            (Play(raw=b""), errors.OroCommerceError, "lost"),
            (Play(500, endless=b"x" * 65536), errors.ServerError, "answered 500"),
            (Play(429, headers={"Retry-After": "9" * 5000}), errors.RateLimited, "answered 429"),
            (Play(503, headers={"Retry-After": "Sat, 07 Nov 99999 10:00:00 GMT"}), errors.ServerError, "answered 503"),
            (Play(400, {"errors": [{"title": {"a": 1}, "detail": ["x"], "source": 7, "status": "9" * 5000}]}), errors.InvalidRequest, "error"),
            (Play(400, {"errors": [{"title": "x" * 5_000, "detail": "a\r\nInjected: line"}] * 50}), errors.InvalidRequest, "and 45 more"),
            (Play(404, "[" * 100_000), errors.ApiUnavailable, "answered 404"),
        ],
    )  # fmt: skip
    def test_an_answer_that_no_store_gives_is_a_typed_error(
        self, perform: Callable[..., Any], play: Play, error: type[errors.OroCommerceError], says: str
    ) -> None:
        started = time.monotonic()
        with ScriptedServer([play]) as server:
            with pytest.raises(error, match=says) as raised:
                perform(settings_for(server), read)
            assert time.monotonic() - started < 20
            assert len(str(raised.value)) < 12_000
            assert "\n" not in str(raised.value)
            assert "s3cret-value" not in chain(raised.value)
            assert "scripted-token-1" not in chain(raised.value)

    def test_a_write_whose_answer_is_refused_may_have_been_done(self, perform: Callable[..., Any]) -> None:
        broken = Play(201, body=b"\x1f\x8b broken", headers={"Content-Encoding": "gzip"})
        with ScriptedServer([broken]) as server:
            with pytest.raises(errors.OutcomeUnknown, match="cannot be unpacked"):
                perform(settings_for(server), create)
            assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "tokens",
        [
            Play(body={"access_token": "a\r\nX-Injected: 1"}),
            Play(body={"access_token": "caf\u00e9"}),
            Play(body={"access_token": " "}),
            Play(body={"access_token": ["t"]}),
            Play(body="[" * 100_000),
            Play(body=b"\xff\xfe"),
            Play(401, {"error": {"deep": 1}, "hint": ["x"]}),
            Play(400, {"error": "invalid_request\r\nx", "hint": "y" * 100_000}),
        ],
    )
    def test_a_token_answer_that_no_store_gives_is_a_typed_error(
        self, perform: Callable[..., Any], tokens: Play
    ) -> None:
        with ScriptedServer([OK], tokens=[tokens]) as server:
            with pytest.raises(errors.OroCommerceError) as raised:
                perform(settings_for(server), read)
            assert server.seen == []
            assert len(str(raised.value)) < 5000
            assert "\n" not in str(raised.value)

    @pytest.mark.parametrize("lifetime", [None, -1, 0, "3600", True, 1e300, {"s": 1}])
    def test_a_lifetime_that_is_none_counts_as_an_hour(self, perform: Callable[..., Any], lifetime: object) -> None:
        with ScriptedServer([OK], tokens=[Play(body={"access_token": "t", "expires_in": lifetime})]) as server:
            settings = settings_for(server)
            perform(settings, read)
            perform(settings, read)
            assert server.token_requests == 1


def chain(error: BaseException | None) -> str:
    """Everything that a log would show of an exception: itself and what it was raised from or while."""
    import traceback

    return "".join(traceback.format_exception(error)) if error else ""


def test_no_text_of_the_drivers_own_errors_is_shown(perform: Callable[..., Any]) -> None:
    """A filter may hold a customer's e-mail, which the libraries' own messages repeat with the URL."""
    query = Query(filters={"email": "jane@example.com"}, size=1)
    with ScriptedServer([Play(reset=True)]) as server:
        settings = settings_for(server)
        with pytest.raises(errors.OroCommerceError) as raised:
            perform(settings, lambda calls: calls.page("customerusers", query))
    with pytest.raises(errors.OroCommerceError) as refused:
        perform(settings, lambda calls: calls.page("customerusers", query))
    for error in (raised.value, refused.value):
        assert "jane" not in chain(error)
        assert "urllib3" not in chain(error)
        assert error.__cause__ is None


def test_no_log_of_any_level_has_a_secret_a_token_or_a_query(
    perform: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    query = Query(filters={"email": "jane@example.com"}, size=1)
    with ScriptedServer([Play(401), Play(502), Play(body={"data": []})]) as server:
        perform(settings_for(server), lambda calls: calls.page("customerusers", query))
        assert "jane" in server.seen[-1].path
    with ScriptedServer([Play(body={"access_token": "scripted-token-1", "data": []})]) as proxy:
        settings = replace(settings_for(proxy), base_url="http://store.invalid", proxies={"http": proxy.url})
        perform(settings, lambda calls: calls.page("customerusers", query))
        assert proxy.seen[-1].path.startswith("http://store.invalid/")
        assert "jane" in proxy.seen[-1].path
    assert [
        word for word in ("jane", "scripted-token-1", "scripted-token-2", "s3cret-value") if word in caplog.text
    ] == []
