"""What a connection's fields mean, and what is said of those that mean nothing."""

from __future__ import annotations

import dataclasses
import json
import pickle
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oro_provider import __version__
from oro_provider.api.settings import Settings
from oro_provider.connection import FIELDS, ConnectionFieldError, parse_connection, secret_values
from oro_provider.connection_values import RESERVED_HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET = "s3cret-of-the-client"
USER_SECRET = "hunter2-of-the-user"


@dataclass
class Conn:
    conn_id: str = "oro"
    host: str | None = "https://shop.example.com"
    schema: str | None = None
    login: str | None = "client-id"
    password: str | None = SECRET
    port: int | None = None
    extra_dejson: Any = field(default_factory=dict)


def parse(extra: Mapping[str, object] | None = None, **columns: Any) -> Settings:
    return parse_connection(Conn(extra_dejson=extra or {}, **columns))


def outcome(extra: Mapping[str, object], **columns: Any) -> Settings | ConnectionFieldError:
    try:
        return parse(extra, **columns)
    except ConnectionFieldError as refused:
        return refused


def refusal(extra: Mapping[str, object] | None = None, **columns: Any) -> ConnectionFieldError:
    with pytest.raises(ConnectionFieldError) as raised:
        parse(extra, **columns)
    return raised.value


@pytest.fixture
def pem(tmp_path: Path) -> str:
    path = tmp_path / "own ca.pem"
    path.write_text("-----BEGIN CERTIFICATE-----")
    return str(path)


class TestWhatIsLeftOut:
    def test_takes_the_defaults_of_the_settings(self):
        agent = f"airflow-provider-orocommerce/{__version__}"
        assert parse() == Settings(
            base_url="https://shop.example.com", client_id="client-id", client_secret=SECRET, user_agent=agent
        )

    def test_the_form_shows_the_defaults_of_the_settings(self):
        defaults = {known.name: known.default for known in dataclasses.fields(Settings)}
        shown = {known.name: known.default for known in FIELDS if known.default is not None}
        assert shown.pop("allow_http") is False
        assert shown == {name: defaults[name] for name in shown}

    @pytest.mark.parametrize("empty", [None, "", "  "])
    def test_a_field_that_a_form_leaves_empty_is_not_given(self, empty: str | None):
        extra = {known.name: empty for known in FIELDS if not known.column}
        assert parse(extra, schema=empty) == parse()


class TestStoreAddress:
    @pytest.mark.parametrize(
        ("host", "columns", "base_url"),
        [
            ("shop.example.com", {}, "https://shop.example.com"),
            ("Shop.Example.com", {}, "https://shop.example.com"),
            ("HTTPS://shop.example.com//", {}, "https://shop.example.com"),
            (" https://shop.example.com/ ", {}, "https://shop.example.com"),
            ("shop.example.com:8443", {}, "https://shop.example.com:8443"),
            ("shop.example.com", {"port": 8443}, "https://shop.example.com:8443"),
            ("shop.example.com", {"port": "8443"}, "https://shop.example.com:8443"),
            ("https://shop.example.com/b2b/", {"port": 8443}, "https://shop.example.com:8443/b2b"),
            ("https://shop.example.com:8443/b2b", {"port": 8443}, "https://shop.example.com:8443/b2b"),
            ("https://shop.example.com:443", {}, "https://shop.example.com"),
            ("shop.example.com", {"schema": "https", "port": 443}, "https://shop.example.com"),
            ("https://shop.example.com", {"schema": "https"}, "https://shop.example.com"),
            ("https://shop.example.com:80", {}, "https://shop.example.com:80"),
            ("https://shop.example.com/index.php", {}, "https://shop.example.com/index.php"),
            ("https://shop.example.com/api/b2b", {}, "https://shop.example.com/api/b2b"),
            ("localhost", {}, "https://localhost"),
            ("http://localhost:8080", {}, "http://localhost:8080"),
            ("localhost", {"schema": "http", "port": 80}, "http://localhost"),
            ("http://127.0.0.1:8080", {}, "http://127.0.0.1:8080"),
            ("http://127.9.9.9", {}, "http://127.9.9.9"),
            ("http://[::1]:8080/oro", {}, "http://[::1]:8080/oro"),
            ("http://::1", {"port": 8080}, "http://[::1]:8080"),
            ("::1", {}, "https://[::1]"),
            ("oro_web", {}, "https://oro_web"),
        ],
    )
    def test_is_made_of_host_scheme_and_port(self, host: str, columns: dict[str, Any], base_url: str):
        assert parse(host=host, **columns).base_url == base_url

    def test_http_elsewhere_needs_a_word(self):
        assert parse({"allow_http": True}, host="http://oro_web:8080").base_url == "http://oro_web:8080"

    @pytest.mark.parametrize(
        "host",
        [
            "http://shop.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "http://127.0.0.1.example.com",
            "http://[::2]",
        ],
    )
    def test_http_to_another_machine_is_refused(self, host: str):
        assert "must be https" in str(refusal(host=host))
        assert "allow_http" in str(refusal({"allow_http": "false"}, host=host))

    @pytest.mark.parametrize(
        ("host", "problem"),
        [
            (None, "must hold the store's address"),
            ("", "must hold the store's address"),
            ("ftp://shop.example.com", "must start with https://"),
            ("https://https://shop.example.com", "must start with https://"),
            ("https:/shop.example.com", "must be an address"),
            ("https://", "must be an address"),
            ("//shop.example.com", "must be an address"),
            ("https:///admin", "must be an address"),
            ("shop example.com", "must be an address"),
            ("shop..example.com", "must be an address"),
            ("sh\u00f6p.example.com", "xn--"),
            ("shop.example.com:port", "must be an address"),
            ("shop.example.com:0", "must be an address"),
            ("shop.example.com:70000", "must be an address"),
            ("https://[::1", "must be an address"),
            ("https://[::1]evil.example.com", "must be an address"),
            ("https://evil.example.com[::1]", "must be an address"),
            ("https://[v1.x]", "must be an address"),
            ("https://[shop.example.com]", "must be an address"),
            ("fe80::1%eth0", "must be an address"),
            ("https://shop.example.com/a/../b", "must be an address"),
            ("https://shop.example.com/a b", "must be an address"),
            ("https://shop.example.com\\@evil.example.com", "credentials"),
            ("https://shop.example.com\\.evil.example.com", "must be an address"),
            ("https://shop.example.com?x=1", "without a query"),
            ("https://shop.example.com/#top", "without a query"),
            ("shop.example.com\r\nX-Evil: 1", "without control characters"),
        ],
    )
    def test_what_is_no_address_is_refused(self, host: str | None, problem: str):
        assert str(refusal(host=host)).startswith("Connection 'oro': field 'host' must ")
        assert problem in str(refusal(host=host))

    def test_credentials_in_the_host_are_refused_and_not_repeated(self):
        refused = refusal(host=f"https://someone:{SECRET}@shop.example.com")
        assert "login and password fields" in str(refused)
        assert SECRET not in str(refused)

    @pytest.mark.parametrize(
        ("path", "store"),
        [
            ("/admin", ""),
            ("/admin/", ""),
            ("/api", ""),
            ("/admin/api", ""),
            ("/admin/api/orders", ""),
            ("/oauth2-token", ""),
            ("/admin/oauth2-token/authorize", "/admin"),
            ("/b2b/admin/api", "/b2b"),
            ("/b2b/api/", "/b2b"),
        ],
    )
    def test_the_path_of_an_endpoint_is_refused_with_the_address_to_write(self, path: str, store: str):
        message = str(refusal(host=f"https://shop.example.com:8443{path}"))
        assert f"the address of the store alone, https://shop.example.com:8443{store}: " in message
        assert "'admin_prefix', 'api_path' and 'token_path'" in message

    def test_the_connections_own_prefixes_are_refused_as_well(self):
        extra = {"admin_prefix": "back/office", "api_path": "rest", "token_path": "sso/token"}
        for path in ("back/office", "rest", "back/office/rest", "sso/token"):
            assert "alone, https://shop.example.com:" in str(refusal(extra, host=f"shop.example.com/{path}"))

    def test_a_store_without_a_back_office_prefix(self):
        assert parse({"admin_prefix": "/"}, host="shop.example.com/b2b").api_url == "https://shop.example.com/b2b/api"

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            (
                {"schema": "b2b/shop"},
                "field 'schema' must be one of 'https', 'http' (in a URI, a store's own path goes into the host: "
                "https%3A%2F%2Fshop.example.com%2Fpath), not 'b2b/shop'",
            ),
            ({"schema": "http"}, "field 'schema' must be empty or 'https', as in the host"),
            ({"port": 0}, "field 'port' must be a whole number from 1 to 65535, not 0"),
            ({"port": 65536}, "field 'port' must be a whole number from 1 to 65535, not 65536"),
            (
                {"host": "shop.example.com:8443", "port": 443},
                "field 'port' must be empty or 8443, as in the host",
            ),
        ],
    )
    def test_scheme_and_port_that_cannot_be_or_contradict_the_host(self, columns: dict[str, Any], message: str):
        assert str(refusal(**columns)) == f"Connection 'oro': {message}"


class TestLogin:
    @pytest.mark.parametrize(
        ("extra", "columns", "message"),
        [
            ({}, {"login": None}, "field 'login' must hold the client id"),
            ({}, {"login": " "}, "field 'login' must hold the client id"),
            ({}, {"password": None}, "field 'password' must hold the client secret"),
            (
                {"grant_type": "implicit"},
                {},
                "extra 'grant_type' must be one of 'client_credentials', 'authorization_code', 'password'",
            ),
            ({"grant_type": "password"}, {}, "extra 'username' must be given with grant_type 'password'"),
            ({"grant_type": "password", "username": "u"}, {}, "extra 'user_password' must be given"),
            ({"grant_type": "password", "user_password": USER_SECRET}, {}, "extra 'username' must be given"),
            ({"username": "u"}, {}, "extra 'username' is used by grant_type 'password' only"),
            ({"user_password": USER_SECRET}, {}, "extra 'user_password' is used by grant_type 'password' only"),
        ],
    )
    def test_credentials_must_fit_the_grant_type(self, extra: dict[str, object], columns: dict[str, Any], message: str):
        assert f"Connection 'oro': {message}" in str(refusal(extra, **columns))

    def test_the_password_grant(self):
        made = parse({"grant_type": "password", "username": " u ", "user_password": f" {USER_SECRET}"}, password=None)
        assert (made.grant_type, made.username, made.user_password) == ("password", "u", f" {USER_SECRET}")
        assert made.client_secret == ""


GIVEN: list[tuple[str, object, str, object]] = [
    ("scope", " all ", "scope", "all"),
    ("admin_prefix", "/backend/", "admin_prefix", "backend"),
    ("admin_prefix", "back/office", "admin_prefix", "back/office"),
    ("api_path", "/rest/api/", "api_path", "rest/api"),
    ("token_path", "/sso/oauth2-token", "token_path", "sso/oauth2-token"),
    ("connect_timeout", 2.5, "connect_timeout", 2.5),
    ("connect_timeout", "10.5", "connect_timeout", 10.5),
    ("read_timeout", "300", "read_timeout", 300.0),
    ("page_size", 50, "page_size", 50),
    ("page_size", 50.0, "page_size", 50),
    ("page_size", " 10000 ", "page_size", 10_000),
    ("max_connections", "64", "max_connections", 64),
    ("requests_per_second", "0.5", "requests_per_second", 0.5),
    ("requests_per_second", 20, "requests_per_second", 20.0),
    ("verify", False, "verify", False),
    ("verify", "False", "verify", False),
    ("verify", "no", "verify", False),
    ("verify", "1", "verify", True),
    ("trust_env", 0, "trust_env", False),
    ("trust_env", "off", "trust_env", False),
    ("proxies", {"https": "http://proxy:3128/"}, "proxies", {"https": "http://proxy:3128"}),
    ("proxies", '{"http": "https://u:p@proxy"}', "proxies", {"http": "https://u:p@proxy"}),
    ("proxies", {}, "proxies", {}),
    ("extra_headers", {"X-Gateway-Key": "k e=y"}, "extra_headers", {"X-Gateway-Key": "k e=y"}),
    ("extra_headers", '{"X-Gateway-Key": "k"}', "extra_headers", {"X-Gateway-Key": "k"}),
    ("user_agent_suffix", " team-a/1.0 (nightly) ", "user_agent", f"airflow-provider-orocommerce/{__version__} team-a/1.0 (nightly)"),
]  # fmt: skip


class TestExtras:
    @pytest.mark.parametrize(("name", "value", "setting", "expected"), GIVEN)
    def test_are_read_from_json_and_from_text(self, name: str, value: object, setting: str, expected: object):
        made = getattr(parse({name: value}), setting)
        assert made == expected
        assert type(made) is type(expected)

    def test_every_extra_is_read_somewhere_above(self):
        elsewhere = {"grant_type", "username", "user_password", "ca_bundle", "cert", "allow_http"}
        assert {name for name, *_ in GIVEN} | elsewhere == {known.name for known in FIELDS if not known.column}

    def test_a_ca_bundle_takes_the_place_of_verify(self, pem: str):
        assert parse({"ca_bundle": pem}).verify == pem
        assert parse({"ca_bundle": f" {pem} ", "verify": "true"}).verify == pem

    def test_a_client_certificate_is_a_file_or_a_pair(self, pem: str):
        assert parse({"cert": pem}).cert == pem
        assert parse({"cert": [pem, pem]}).cert == (pem, pem)
        assert parse({"cert": json.dumps([pem, pem])}).cert == (pem, pem)

    def test_digits_that_airflow_made_a_number_of_are_text_again(self):
        # The database model reads each extra of a URI as JSON where it can.
        made = parse({"grant_type": "password", "username": 4711, "user_password": 12345678})
        assert (made.username, made.user_password) == ("4711", "12345678")

    def test_extras_given_apart_take_the_place_of_the_connections(self):
        conn = Conn(extra_dejson={"page_size": 1})
        assert parse_connection(conn, {"page_size": "2"}).page_size == 2


BAD: list[tuple[str, object, str]] = [
    ("grant_type", "Password", "must be one of 'client_credentials', 'authorization_code', 'password', not 'Password'"),
    ("grant_type", ["password"], "must be one of 'client_credentials', 'authorization_code', 'password', not a list"),
    ("username", True, "must be text on one line, without control characters (in JSON: in quotes), not True"),
    ("user_password", 1.5, "must be text on one line, without control characters (in JSON: in quotes)"),
    ("user_password", "a\nb", "must be text on one line"),
    ("user_password", "\ud800", "must be text on one line"),
    ("scope", {"a": 1}, "must be text on one line, without control characters (in JSON: in quotes), not an object"),
    ("admin_prefix", "https://shop.example.com/admin", "must be a plain path such as 'admin', or '/' for none"),
    ("admin_prefix", "../admin", "no '..'"),
    ("admin_prefix", "admin?x", "must be a plain path"),
    ("admin_prefix", 5.5, "must be a plain path"),
    ("api_path", "/", "must be a plain path such as 'api'"),
    ("api_path", "a//b", "must be a plain path such as 'api'"),
    ("token_path", "//evil.example.com/x#", "must be a plain path"),
    ("token_path", "a\r\nb", "must be a plain path"),
    ("connect_timeout", 0, "must be a number of seconds above 0 and at most 86400, not 0"),
    ("connect_timeout", -1, "must be a number of seconds above 0"),
    ("read_timeout", "soon", "must be a number of seconds above 0 and at most 86400, not 'soon'"),
    ("read_timeout", float("nan"), "must be a number of seconds above 0"),
    ("read_timeout", float("inf"), "must be a number of seconds above 0"),
    ("read_timeout", 10**400, "must be a number of seconds above 0 and at most 86400, not a number of that size"),
    ("read_timeout", True, "must be a number of seconds above 0"),
    ("page_size", 0, "must be a whole number from 1 to 10000, not 0"),
    ("page_size", 10_001, "must be a whole number from 1 to 10000, not 10001"),
    ("page_size", "10.5", "must be a whole number from 1 to 10000, not '10.5'"),
    ("page_size", "\uff11", "must be a whole number from 1 to 10000"),
    ("page_size", "x" * 100, f"not '{'x' * 57}...'"),
    ("max_connections", 65, "must be a whole number from 1 to 64, not 65"),
    ("requests_per_second", 0, "must be a number of requests above 0 and at most 10000, not 0"),
    ("verify", "/etc/ca.pem", "must be true or false, not '/etc/ca.pem'"),
    ("verify", 2, "must be true or false, not 2"),
    ("trust_env", [], "must be true or false, not a list"),
    ("allow_http", "maybe", "must be true or false, not 'maybe'"),
    ("ca_bundle", "ca.pem", "must be the absolute path of a file that this process can see, not 'ca.pem'"),
    ("ca_bundle", "/nowhere/ca.pem", "must be the absolute path of a file that this process can see"),
    ("ca_bundle", "/tmp", "must be the absolute path of a file"),
    ("ca_bundle", "/\0", "must be the absolute path of a file"),
    ("ca_bundle", "/" + "x" * 5000, "must be the absolute path of a file"),
    ("ca_bundle", True, "must be the absolute path of a file"),
    ("cert", "/nowhere/cert.pem", "must be the absolute path of a PEM file, or a JSON list of two"),
    ("cert", ["/nowhere/cert.pem", "/nowhere/key.pem"], "must be the absolute path of a PEM file"),
    ("cert", [], "must be the absolute path of a PEM file, or a JSON list of two"),
    ("cert", "[", "must be the absolute path of a PEM file, or a JSON list of two"),
    ("proxies", "http://proxy:3128", 'must be a JSON object of "http" and "https" to a proxy URL'),
    ("proxies", {"ftp": "http://proxy:3128"}, 'must be a JSON object of "http" and "https"'),
    ("proxies", {"https": "proxy:3128"}, "must hold under 'https' a URL like http://proxy.example.com:3128"),
    ("proxies", {"https": "socks5://proxy:3128"}, "must hold under 'https' a URL like"),
    ("proxies", {"http": "http://proxy:port"}, "must hold under 'http' a URL like"),
    ("proxies", {"http": "http://proxy/path"}, "must hold under 'http' a URL like"),
    ("proxies", {"http": "http://pro xy"}, "must hold under 'http' a URL like"),
    ("proxies", {"http": None}, "must hold under 'http' a URL like"),
    ("proxies", "[" * 100_000, "must be a JSON object"),
    ("extra_headers", "X-A: b", "must be a JSON object of header names and values"),
    ("extra_headers", ["X-A"], "must be a JSON object of header names and values"),
    ("extra_headers", {"X A": "b"}, "must have names made of letters, digits and '-' only"),
    ("extra_headers", {"X-A\r\nHost": "b"}, "must have names made of"),
    ("extra_headers", {"": "b"}, "must have names made of"),
    ("extra_headers", {"X-A": "a\r\nHost: b"}, "must hold under 'X-A' printable ASCII text on one line"),
    ("extra_headers", {"X-A": " b"}, "must hold under 'X-A' printable ASCII text"),
    ("extra_headers", {"X-A": ""}, "must hold under 'X-A' printable ASCII text"),
    ("extra_headers", {"X-A": "\u00fc"}, "must hold under 'X-A' printable ASCII text"),
    ("extra_headers", {"X-A": 1}, "must hold under 'X-A' printable ASCII text"),
    ("extra_headers", {"X-A": "b", "x-a": "c"}, "must not set 'x-a' twice"),
    ("user_agent_suffix", "a\r\nb", "must be printable ASCII text on one line"),
    ("user_agent_suffix", 7.5, "must be printable ASCII text on one line, not 7"),
]


class TestBadExtras:
    @pytest.mark.parametrize(("name", "value", "problem"), BAD, ids=lambda value: str(value)[:40])
    def test_say_which_connection_which_field_and_what_it_takes(self, name: str, value: object, problem: str):
        refused = refusal({name: value})
        assert (refused.conn_id, refused.place, refused.field) == ("oro", "extra", name)
        assert str(refused).startswith(f"Connection 'oro': extra {name!r} must ")
        assert problem in str(refused)

    @pytest.mark.parametrize("name", sorted(RESERVED_HEADERS))
    def test_headers_that_the_exchange_relies_on_are_reserved(self, name: str):
        for spelling in (name, name.title(), name.upper()):
            assert f"must not set {spelling!r}, which the provider sets itself" in str(
                refusal({"extra_headers": {spelling: "x"}})
            )

    def test_a_ca_bundle_that_would_not_be_used(self, pem: str):
        assert "extra 'ca_bundle' would not be used, since extra 'verify' is false" in str(
            refusal({"ca_bundle": pem, "verify": False})
        )

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("pagesize", "did you mean 'page_size'?"),
            ("Page_Size", "did you mean 'page_size'?"),
            ("extra__orocommerce__page_size", "did you mean 'page_size'?"),
            ("verify_ssl", "did you mean 'verify'?"),
            ("timeout", "did you mean 'read_timeout'?"),
            ("client_secret", "did you mean the connection's own field 'password' (Client secret)?"),
            ("host", "did you mean the connection's own field 'host' (Store URL)?"),
            ("zzz", "the extras are grant_type, username"),
        ],
    )
    def test_an_unknown_extra_is_taken_for_a_typing_error(self, name: str, hint: str):
        refused = refusal({name: SECRET})
        assert str(refused).startswith(f"Connection 'oro': extra {name!r} is unknown; ")
        assert hint in str(refused)
        assert SECRET not in str(refused)

    @pytest.mark.parametrize("extra", [["page_size"], "page_size", 5, None])
    def test_extras_that_are_no_object(self, extra: object):
        with pytest.raises(ConnectionFieldError, match="field 'extra' must be a JSON object"):
            parse_connection(Conn(extra_dejson=extra))

    @pytest.mark.parametrize("name", ["user_password", "token_path", "proxies"])
    def test_airflows_mask_is_not_taken_for_a_value(self, name: str):
        assert f"extra '{name}' holds '***', which Airflow shows in a secret's place" in str(refusal({name: "***"}))
        assert "field 'password' holds '***'" in str(refusal(password="***"))

    def test_a_refusal_survives_pickling(self):
        refused = refusal({"page_size": 0})
        assert str(pickle.loads(pickle.dumps(refused))) == str(refused)


class TestSecrets:
    SECRETS = (SECRET, USER_SECRET, "proxy-pass", "gateway-key")

    def everything(self, **more: object) -> dict[str, object]:
        return {
            "grant_type": "password",
            "username": "u",
            "user_password": USER_SECRET,
            "proxies": {"https": "http://u:proxy-pass@proxy:3128"},
            "extra_headers": {"X-Key": "gateway-key"},
            **more,
        }

    def test_are_not_in_the_settings_repr(self):
        assert not [secret for secret in self.SECRETS if secret in repr(parse(self.everything()))]

    def test_are_listed_for_the_masker(self):
        made = parse(self.everything(proxies={"https": "http://u:proxy%40pass@proxy"}))
        assert secret_values(made) == [SECRET, USER_SECRET, "gateway-key", "proxy%40pass", "proxy@pass"]
        assert secret_values(Settings(base_url="https://shop.example.com", client_id="x")) == []

    @pytest.mark.parametrize(
        "bad",
        [
            {"password": f"{SECRET}\n"},
            {"user_password": f"{USER_SECRET}\n"},
            {"user_password": [USER_SECRET]},
            {"proxies": {"https": "http://u:proxy-pass@proxy:port"}},
            {"proxies": {"https": "http://u:proxy-pass@pr\u2100xy"}},
            {"proxies": "u:proxy-pass@proxy"},
            {"extra_headers": {"X-Key": "gateway-key\r\n"}},
            {"extra_headers": "gateway-key"},
            {"token_path": f"https://u:{SECRET}@shop.example.com/oauth2-token"},
            {"ca_bundle": f"https://u:{SECRET}@shop.example.com/ca.pem"},
            {"host": f"https://u:{SECRET}@shop.example.com\n"},
            {"host": f"https://u:{SECRET}@shop.example.com"},
            {"host": f"https://u:{SECRET}\u2100@shop.example.com"},
            {"host": f"https://shop.example.com?access_token={SECRET}"},
        ],
    )
    def test_are_in_no_message_and_no_traceback(self, bad: dict[str, Any]):
        columns = {name: bad[name] for name in bad if name in {"host", "password"}}
        refused = refusal(self.everything(**{name: bad[name] for name in bad if name not in columns}), **columns)
        shown = "".join(traceback.format_exception(refused)) + repr(refused)
        assert not [secret for secret in self.SECRETS if secret in shown]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_HINTS = st.sampled_from(
    [
        "true",
        "1",
        "10.5",
        "[]",
        "{}",
        '{"https": "http://p"}',
        '{"X-A": "b"}',
        "/",
        "..",
        "password",
        "https://[",
        "a:b@c",
    ]
)


class TestAnything:
    @settings(max_examples=400, deadline=None)
    @given(
        extra=st.dictionaries(
            st.sampled_from([known.name for known in FIELDS]) | st.text(max_size=12), _JSON | _HINTS, max_size=4
        ),
        host=st.none() | st.text() | _HINTS | st.just("shop.example.com"),
        port=st.none() | st.integers(),
        schema=st.none() | st.text(max_size=5) | st.sampled_from(["http", "https"]),
    )
    def test_gives_settings_or_names_a_field(self, extra: dict[str, Any], host: Any, port: Any, schema: Any):
        made = outcome(extra, host=host, port=port, schema=schema)
        if isinstance(made, ConnectionFieldError):
            assert made.field in {*extra, *(known.name for known in FIELDS)}
        else:
            assert made.base_url.startswith("https://") or "allow_http" in extra

    @settings(max_examples=300, deadline=None)
    @given(host=st.text("htps:/[]@.?#%\\ a1_-\u2100\u00fc\t", max_size=20), data=st.data())
    def test_an_address_is_sound_or_refused(self, host: str, data: st.DataObject):
        made = outcome({"allow_http": data.draw(st.booleans())}, host=host)
        if isinstance(made, ConnectionFieldError):
            assert made.field == "host"
        else:
            assert made.base_url.startswith(made.origin)
            assert made.base_url == parse({"allow_http": True}, host=made.base_url).base_url


class TestThroughAirflow:
    """The two forms of `AIRFLOW_CONN_...`, read by Airflow itself."""

    EXTRA: Mapping[str, object] = {
        "grant_type": "password",
        "username": "u@example.com",
        "user_password": "pä ss&=%",
        "page_size": 50,
        "connect_timeout": 2.5,
        "verify": False,
        "proxies": {"https": "http://u:p@proxy:3128"},
        "extra_headers": {"X-Key": "k"},
    }

    @pytest.fixture
    def read(self, monkeypatch: pytest.MonkeyPatch):
        from airflow.sdk import BaseHook

        def read(value: str) -> Settings:
            monkeypatch.setenv("AIRFLOW_CONN_OROCOMMERCE_DEFAULT", value)
            return parse_connection(BaseHook.get_connection("orocommerce_default"))

        return read

    def check(self, made: Settings, base_url: str) -> None:
        assert made.base_url == base_url
        assert (made.client_id, made.client_secret) == ("client-id", "s/ec:ret@")
        assert (made.username, made.user_password) == ("u@example.com", "pä ss&=%")
        assert (made.page_size, made.connect_timeout, made.verify) == (50, 2.5, False)
        assert made.proxies == {"https": "http://u:p@proxy:3128"}
        assert made.extra_headers == {"X-Key": "k"}

    @pytest.mark.parametrize("nested", [True, False], ids=["extra as an object", "extra as text"])
    def test_json(self, read, nested: bool):
        value = {
            "conn_type": "orocommerce",
            "host": "https://shop.example.com/b2b",
            "login": "client-id",
            "password": "s/ec:ret@",
            "port": 8443,
            "extra": self.EXTRA if nested else json.dumps(self.EXTRA),
        }
        self.check(read(json.dumps(value)), "https://shop.example.com:8443/b2b")

    @pytest.mark.parametrize(
        ("address", "base_url"),
        [
            ("{login}@shop.example.com:8443/", "https://shop.example.com:8443"),
            ("{login}@shop.example.com/https", "https://shop.example.com"),
            ("https://{login}@shop.example.com/", "https://shop.example.com"),
            ("{login}@https%3A%2F%2Fshop.example.com%3A8443%2Fb2b/", "https://shop.example.com:8443/b2b"),
            ("http://{login}@[::1]:8080/", "http://[::1]:8080"),
        ],
    )
    def test_uri_with_an_extra_each(self, read, address: str, base_url: str):
        query = urlencode(
            {name: value if isinstance(value, str) else json.dumps(value) for name, value in self.EXTRA.items()}
        )
        login = f"client-id:{quote('s/ec:ret@', safe='')}"
        self.check(read(f"orocommerce://{address.format(login=login)}?{query}"), base_url)

    def test_uri_with_all_extras_in_one(self, read):
        query = urlencode({"__extra__": json.dumps(self.EXTRA)})
        value = f"orocommerce://client-id:{quote('s/ec:ret@', safe='')}@shop.example.com/?{query}"
        self.check(read(value), "https://shop.example.com")

    def test_what_airflow_writes_as_a_uri_is_read_the_same(self, read):
        from airflow.sdk import Connection

        conn = Connection(
            conn_id="x",
            conn_type="orocommerce",
            host="https://shop.example.com/b2b",
            login="client-id",
            password="s/ec:ret@",
            port=8443,
            extra=json.dumps(self.EXTRA),
        )
        self.check(read(conn.get_uri()), "https://shop.example.com:8443/b2b")

    def test_the_database_model_reads_the_same(self):
        from airflow.models.connection import Connection

        query = urlencode({name: v if isinstance(v, str) else json.dumps(v) for name, v in self.EXTRA.items()})
        uri = f"orocommerce://client-id:{quote('s/ec:ret@', safe='')}@shop.example.com/?{query}"
        self.check(parse_connection(Connection(conn_id="x", uri=uri)), "https://shop.example.com")

    def test_the_database_models_digits_are_the_text_that_they_were(self):
        from airflow.models.connection import Connection

        uri = "orocommerce://client-id:secret@shop.example.com/?admin_prefix=2024&user_agent_suffix=12"
        settings = parse_connection(Connection(conn_id="x", uri=uri))
        assert (settings.admin_prefix, settings.user_agent.split()[-1]) == ("2024", "12")

    def test_extras_that_are_no_json_are_refused_rather_than_left_out(self):
        from airflow.sdk import Connection

        conn = Connection(conn_id="x", host="shop.example.com", login="id", password=SECRET, extra="{verify: false}")
        assert conn.extra_dejson == {}
        with pytest.raises(ConnectionFieldError, match="'x': field 'extra' must be a JSON object"):
            parse_connection(conn)
        with pytest.raises(ConnectionFieldError, match="'x': field 'extra' must be a JSON object"):
            parse_connection(conn, {})

    @pytest.mark.parametrize("extra", [None, "{}"])
    def test_a_connection_without_extras(self, extra: str | None):
        from airflow.models.connection import Connection

        conn = Connection(conn_id="x", host="shop.example.com", login="client-id", password=SECRET, extra=extra)
        assert parse_connection(conn) == parse()

    def test_a_path_in_the_uri_is_refused_with_its_field(self, read):
        with pytest.raises(
            ConnectionFieldError, match=r"field 'schema' .*a store's own path goes into the host.*, not 'b2b'"
        ):
            read("orocommerce://x:y@shop.example.com/b2b")
