"""The fields of an `orocommerce` connection: one table, from which both forms, the parsing and the checks derive.

Airflow 3.2+ reads the form from the provider's metadata (`conn_fields`, `ui_field_behaviour`), 3.1 from methods of the hook
(`connection_form_widgets`). Every `airflow` process imports this module for that, so it needs the standard library only.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import unquote, urlsplit

from oro_provider import __version__
from oro_provider.connection_address import PATH_DEFAULTS, base_url
from oro_provider.connection_values import (
    Choice,
    ClientCertificate,
    FilePath,
    Headers,
    PositiveNumber,
    Proxies,
    RefusedValueError,
    Switch,
    Text,
    Token,
    UrlPath,
    ValueKind,
    WholeNumber,
)

if TYPE_CHECKING:
    from oro_provider.api.settings import Settings

CONNECTION_TYPE = "orocommerce"
HOOK_NAME = "OroCommerce"
DISTRIBUTION = "airflow-provider-orocommerce"

_DAY = 24 * 60 * 60
_MASK = "***"  # ends up in connections that were copied from what the API or the UI shows


class ConnectionFieldError(ValueError):
    """A field of a connection is missing, unknown, or holds what it cannot hold; `place` is "field" or "extra"."""

    def __init__(self, conn_id: str, place: str, field: str, problem: str) -> None:
        super().__init__(conn_id, place, field, problem)  # as they are, so that it can be pickled
        self.conn_id = conn_id
        self.place = place
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"Connection {self.conn_id!r}: {self.place} {self.field!r} {self.problem}"


class ConnectionLike(Protocol):
    """What is read of an Airflow connection: the task SDK's, the database model's, or anything with these attributes."""

    @property
    def conn_id(self) -> str | None: ...
    @property
    def host(self) -> str | None: ...
    @property
    def schema(self) -> str | None: ...
    @property
    def login(self) -> str | None: ...
    @property
    def password(self) -> str | None: ...
    @property
    def port(self) -> int | None: ...
    @property
    def extra_dejson(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionField:
    """A field of the connection.

    `column` marks what Airflow stores beside the extras; `hidden` what the form does not show, since the host says it all.
    `default` is equal to that of `Settings`. `also` are the names that people try instead.
    """

    name: str
    label: str
    kind: ValueKind
    description: str = ""
    default: str | int | float | bool | None = None
    placeholder: str | None = None
    column: bool = False
    hidden: bool = False
    also: tuple[str, ...] = ()

    @property
    def form_default(self) -> str | int | float | bool | None:
        """The default to fill the form with. Airflow masks a default by its field's name as well: it would save `***`."""
        return None if "token" in self.name else self.default


# Airflow masks an extra where its name holds `password`, `secret`, `token` or `proxies`; `format: password` only hides the input.
FIELDS: tuple[ConnectionField, ...] = (
    ConnectionField(
        name="host",
        label="Store URL",
        kind=Text(),
        placeholder="https://shop.example.com",
        column=True,
        also=("base_url", "url", "endpoint", "store_url"),
    ),
    ConnectionField(
        name="schema",
        label="Scheme",
        # Airflow takes the path of a connection's URI for it.
        kind=Choice(
            ("https", "http"),
            hint="in a URI, a store's own path goes into the host: https%3A%2F%2Fshop.example.com%2Fpath",
        ),
        column=True,
        hidden=True,
    ),
    # Shown, though the host may hold it: Airflow 3.3.2 tests a connection from its list only where this field is filled in.
    ConnectionField(name="port", label="Port", kind=WholeNumber(1, 65535), placeholder="443", column=True),
    ConnectionField(
        name="login",
        label="Client ID",
        kind=Text(),
        placeholder="from System > User Management > OAuth Applications",
        column=True,
        also=("client_id", "consumer_key"),
    ),
    ConnectionField(
        name="password",
        label="Client secret",
        kind=Text(secret=True),
        placeholder="of the same OAuth application",
        column=True,
        also=("client_secret", "consumer_secret"),
    ),
    ConnectionField(
        name="grant_type",
        label="Grant type",
        kind=Choice(("client_credentials", "authorization_code", "password")),
        default="client_credentials",
        description=(
            "As chosen for the OAuth application in the back office. 'authorization_code' needs a login by browser "
            "(airflow orocommerce login), 'password' a user name and password."
        ),
        also=("auth_type", "grant"),
    ),
    ConnectionField(
        name="username",
        label="User name",
        kind=Text(),
        description="Back-office user; for the grant type 'password' only.",
        also=("user", "user_name", "user_login"),
    ),
    ConnectionField(
        name="user_password",
        label="User password",
        kind=Text(secret=True),
        description="That user's password; for the grant type 'password' only.",
        also=("user_pass", "user_secret"),
    ),
    ConnectionField(name="scope", label="Scope", kind=Text(), description="OAuth scope; stores up to 7.0 ignore it."),
    ConnectionField(
        name="admin_prefix",
        label="Back-office prefix",
        kind=UrlPath(may_be_empty=True),
        default=PATH_DEFAULTS["admin_prefix"],
        description="The store's web_backend_prefix; '/' where the back office has none.",
        also=("backend_prefix", "web_backend_prefix", "prefix"),
    ),
    ConnectionField(
        name="api_path",
        label="API path",
        kind=UrlPath(),
        default=PATH_DEFAULTS["api_path"],
        description="Path of the API below the back-office prefix.",
        also=("api_prefix", "api_url"),
    ),
    ConnectionField(
        name="token_path",
        label="Token path",
        kind=UrlPath(),
        default=PATH_DEFAULTS["token_path"],
        description="Path of the token endpoint, 'oauth2-token' if empty; it never lies below the back-office prefix.",
        also=("token_url", "token_endpoint"),
    ),
    ConnectionField(
        name="connect_timeout",
        label="Connect timeout",
        kind=PositiveNumber(_DAY, "seconds"),
        default=10,
        description="Seconds until a connection must stand.",
        also=("timeout_connect",),
    ),
    ConnectionField(
        name="read_timeout",
        label="Read timeout",
        kind=PositiveNumber(_DAY, "seconds"),
        default=60,
        description="Seconds that the store may stay silent within an answer.",
        also=("timeout",),
    ),
    ConnectionField(
        name="page_size",
        label="Page size",
        kind=WholeNumber(1, 10_000),
        default=100,
        description="Records a request. The store may allow fewer.",
        also=("limit", "per_page", "batch_size"),
    ),
    ConnectionField(
        name="max_connections",
        label="Connections",
        kind=WholeNumber(1, 64),
        default=8,
        description="Requests at the same time, for each process.",
        also=("concurrency", "max_workers", "pool_size"),
    ),
    ConnectionField(
        name="requests_per_second",
        label="Requests per second",
        kind=PositiveNumber(10_000, "requests"),
        description="At most so many, for each process; empty for no limit.",
        also=("rate_limit", "rate"),
    ),
    ConnectionField(
        name="verify",
        label="Verify TLS",
        kind=Switch(),
        default=True,
        description="Check the store's certificate. A private authority goes into the CA bundle instead.",
        also=("verify_ssl", "ssl_verify", "tls_verify"),
    ),
    ConnectionField(
        name="ca_bundle",
        label="CA bundle",
        kind=FilePath(),
        description="Absolute path of a PEM file with the authorities to trust, on every machine that runs tasks.",
        also=("ca_cert", "cacert", "ca_file", "verify_path"),
    ),
    ConnectionField(
        name="cert",
        label="Client certificate",
        kind=ClientCertificate(),
        description='Absolute path of a PEM file with certificate and key, or a JSON list: ["/cert.pem", "/key.pem"].',
        also=("client_cert", "ssl_cert"),
    ),
    ConnectionField(
        name="proxies",
        label="Proxies",
        kind=Proxies(),
        description='JSON object, such as {"https": "http://proxy.example.com:3128"}.',
        also=("proxy", "https_proxy", "http_proxy"),
    ),
    ConnectionField(
        name="trust_env",
        label="Use the environment's proxies",
        kind=Switch(),
        default=True,
        description="Honour HTTPS_PROXY, NO_PROXY and the like.",
    ),
    ConnectionField(
        name="extra_headers",
        label="Extra headers",
        kind=Headers(),
        description="JSON object of headers that a gateway in front of the store asks for.",
        also=("headers",),
    ),
    ConnectionField(
        name="allow_http",
        label="Allow plain HTTP",
        kind=Switch(),
        default=False,
        description="Send the client secret and tokens unencrypted to a host other than this machine.",
        also=("insecure",),
    ),
    ConnectionField(
        name="user_agent_suffix",
        label="User-Agent suffix",
        kind=Token(),
        description="Added to the User-Agent, so that the store's operators can tell who calls.",
        also=("user_agent",),
    ),
)

_BY_NAME = {field.name: field for field in FIELDS}


def _refusal(conn_id: str, name: str, problem: str) -> ConnectionFieldError:
    return ConnectionFieldError(conn_id, "field" if _BY_NAME[name].column else "extra", name, problem)


def conn_fields() -> dict[str, object]:
    """Return the extras as `conn-fields` of the provider's metadata (Airflow 3.2+)."""
    fields: dict[str, object] = {}
    for field in FIELDS:
        if not field.column:
            # Without "null" among its types, the form marks a field as required.
            schema = field.kind.schema() | ({} if field.form_default is None else {"default": field.form_default})
            fields[field.name] = {"label": field.label, "description": field.description, "schema": schema}
    return fields


def ui_field_behaviour() -> dict[str, object]:
    """Return which of Airflow's own fields the form shows, and how; for `get_ui_field_behaviour` of the hook (Airflow 3.1)."""
    columns = [field for field in FIELDS if field.column]
    return {
        "hidden_fields": [field.name for field in columns if field.hidden],
        "relabeling": {field.name: field.label for field in columns if not field.hidden},
        "placeholders": {field.name: field.placeholder for field in columns if field.placeholder},
    }


def connection_form_widgets() -> dict[str, object]:
    """Return the extras as form fields; for `get_connection_form_widgets` of the hook (Airflow 3.1).

    Airflow 3.1 has its API server stand in for wtforms and FAB while it calls this, so they are imported here; it knows no
    fields but these four, so numbers and JSON objects are written as text.
    """
    from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import BooleanField, IntegerField, PasswordField, StringField
    from wtforms.validators import Optional, any_of

    widgets: dict[str, object] = {}
    for field in FIELDS:
        if field.column:
            continue
        schema = field.kind.schema()
        options: dict[str, object] = {"default": field.form_default, "description": field.description}
        if schema["type"] == ["boolean", "null"]:
            widgets[field.name] = BooleanField(lazy_gettext(field.label), **options)
            continue
        options["validators"] = [Optional()]
        if schema["type"] == ["integer", "null"]:
            widgets[field.name] = IntegerField(lazy_gettext(field.label), widget=BS3TextFieldWidget(), **options)
        elif schema.get("format") == "password":
            widgets[field.name] = PasswordField(lazy_gettext(field.label), widget=BS3PasswordFieldWidget(), **options)
        else:
            options["default"] = None if field.form_default is None else str(field.form_default)
            if "enum" in schema:
                options["validators"] = [Optional(), any_of(schema["enum"])]
            widgets[field.name] = StringField(lazy_gettext(field.label), widget=BS3TextFieldWidget(), **options)
    return widgets


def parse_connection(conn: ConnectionLike, extra: Mapping[str, object] | None = None) -> Settings:
    """Return the settings that an Airflow connection stands for.

    `extra` stands in for `conn.extra_dejson`, whose masking must not be called from an event loop. Raises
    `ConnectionFieldError`, which names the connection, the field and what it takes, and never holds a secret.
    """
    from oro_provider.api.settings import Settings  # not for every `airflow` process: the package has more in it

    conn_id = conn.conn_id or ""
    values = _read_fields(conn_id, conn, _extras(conn_id, conn, extra))
    _check_login(conn_id, values)

    def refuse(name: str, problem: str) -> NoReturn:
        raise _refusal(conn_id, name, problem)

    user_agent = " ".join(filter(None, [f"{DISTRIBUTION}/{__version__}", values.pop("user_agent_suffix", None)]))
    settings: dict[str, Any] = {
        "base_url": base_url(values, refuse),
        "verify": _verify(conn_id, values),
        "client_id": values["login"],
        "client_secret": values.get("password", ""),
        "user_agent": user_agent,
        "grant_name": conn_id if values.get("grant_type") == "authorization_code" else None,
    }
    consumed = {"host", "schema", "port", "login", "password", "verify", "ca_bundle", "allow_http"}
    return Settings(**settings, **{name: value for name, value in values.items() if name not in consumed})


def secret_values(settings: Settings) -> list[str]:
    """Return every secret among the settings, for Airflow's masker.

    Airflow masks the extras by the name that stands next to the value: neither the password in a proxy's URL, which stands
    under "https", nor a gateway's key in a header is masked by it (3.1 to 3.3).
    """
    secrets = [settings.client_secret, settings.user_password or "", *settings.extra_headers.values()]
    for url in settings.proxies.values():
        password = urlsplit(url).password or ""
        secrets += [password, unquote(password)]
    return list(dict.fromkeys(filter(None, secrets)))


def _extras(conn_id: str, conn: ConnectionLike, extra: Mapping[str, object] | None) -> Mapping[str, object]:
    """The extras. Where their text is no JSON, Airflow only logs that and gives none at all, so the text is looked at again."""
    extras: object = conn.extra_dejson if extra is None else extra
    text = getattr(conn, "extra", None)
    if not isinstance(extras, Mapping) or (
        not extras and isinstance(text, str) and text.strip() and not _is_json(text)
    ):
        raise ConnectionFieldError(conn_id, "field", "extra", "must be a JSON object")
    return extras


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _read_fields(conn_id: str, conn: ConnectionLike, extras: Mapping[str, object]) -> dict[str, Any]:
    """The value of every field that is given. What a form leaves empty comes as null or as empty text, and is not given."""
    given: dict[str, object] = {field.name: getattr(conn, field.name) for field in FIELDS if field.column}
    for name, value in extras.items():
        if name not in _BY_NAME or _BY_NAME[name].column:
            raise _unknown_extra(conn_id, str(name))
        given[name] = value
    # The values are of as many types as there are kinds: each kind says its own.
    values: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if value == _MASK:
            raise _refusal(conn_id, name, f"holds {_MASK!r}, which Airflow shows in a secret's place: enter it again")
        kind = _BY_NAME[name].kind
        try:
            values[name] = kind.read(value)
        except RefusedValueError as refused:
            # An `@` may be that of a URL with credentials in it, in whichever field it was put.
            silent = kind.secret or (isinstance(value, str) and "@" in value)
            raise _refusal(conn_id, name, str(refused) if silent else f"{refused}, not {_shown(value)}") from None
    return values


def _unknown_extra(conn_id: str, name: str) -> ConnectionFieldError:
    """The refusal of an extra that is not in the table: most likely a typing error, which would otherwise do nothing."""
    wanted = name.lower().removeprefix(f"extra__{CONNECTION_TYPE}__")
    known = {alias: field for field in FIELDS for alias in (field.name, *field.also)}
    close = difflib.get_close_matches(wanted, known, n=1)
    if close and (field := known[close[0]]).column:
        problem = f"is unknown; did you mean the connection's own field {field.name!r} ({field.label})?"
    elif close:
        problem = f"is unknown; did you mean {field.name!r}?"
    else:
        problem = f"is unknown; the extras are {', '.join(field.name for field in FIELDS if not field.column)}"
    return ConnectionFieldError(conn_id, "extra", name, problem)


def _shown(value: object) -> str:
    """A short form of a value that is no secret."""
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:57]}...")
    if isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 10**20):
        return repr(value)
    return {list: "a list", dict: "an object", int: "a number of that size"}.get(type(value), type(value).__name__)


def _check_login(conn_id: str, values: Mapping[str, Any]) -> None:
    """Refuse credentials that are not complete for the grant type, or that it would not use."""
    if "login" not in values:
        raise _refusal(conn_id, "login", "must hold the client id of the store's OAuth application")
    by_password = values.get("grant_type") == "password"
    # A public client has no secret: neither for a login by browser nor for a user's password.
    if values.get("grant_type", "client_credentials") == "client_credentials" and "password" not in values:
        raise _refusal(conn_id, "password", "must hold the client secret of the store's OAuth application")
    for name in ("username", "user_password"):
        if by_password and name not in values:
            raise _refusal(conn_id, name, "must be given with grant_type 'password'")
        if not by_password and name in values:
            raise _refusal(conn_id, name, "is used by grant_type 'password' only: set that, or leave this empty")


def _verify(conn_id: str, values: Mapping[str, Any]) -> bool | str:
    """Whether to check the store's certificate, or the path of the authorities to check it by."""
    verify: bool = values.get("verify", True)
    ca_bundle: str | None = values.get("ca_bundle")
    if ca_bundle and not verify:
        raise _refusal(conn_id, "ca_bundle", "would not be used, since extra 'verify' is false: drop one")
    return ca_bundle or verify
