"""Bad input by the hundred, made up by hypothesis: whatever comes in, a typed error comes out, soon, and with no secret in it."""

from __future__ import annotations

import json
import traceback
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oro_provider.api.body import Body, RefusedBody, TruncatedBody
from oro_provider.api.calls import Calls
from oro_provider.api.documents import decode, read_included, read_one, read_page
from oro_provider.api.errors import OroCommerceError, error_for
from oro_provider.api.exchange import Request, Response, Retries
from oro_provider.api.grants import Authorization, Grant
from oro_provider.api.oauth import exchange_code, login, token_request, token_slot
from oro_provider.api.raw import read_raw_page
from oro_provider.api.settings import Settings
from oro_provider.connection import FIELDS, ConnectionFieldError, parse_connection

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = settings(max_examples=100, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
STORE = Settings(base_url="https://shop.example.com", client_id="robot", client_secret="s3cret-of-the-client")
ASKED = Request("GET", f"{STORE.api_url}/customerusers?filter%5Bemail%5D=jane%40example.com", repeatable=True)
SECRET = "p4ss-of-the-connection"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
# Documents whose members have the names of JSON:API's and anything in them.
RESOURCE = st.fixed_dictionaries(
    {},
    optional={
        "type": JSON | st.just("orders"),
        "id": JSON | st.just("1"),
        "attributes": JSON,
        "relationships": st.dictionaries(
            st.text(max_size=5),
            JSON | st.fixed_dictionaries({"data": JSON | st.lists(st.fixed_dictionaries({"type": JSON, "id": JSON}))}),
        ),
        "meta": JSON,
    },
)
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "data": JSON | RESOURCE | st.lists(RESOURCE),
        "included": JSON | st.lists(RESOURCE),
        "errors": JSON,
        "links": JSON,
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "retry-after", "date", "location", "x-include-total-count", "content-encoding"]),
    st.text(max_size=60),
)


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


BODIES = (
    st.binary(max_size=200)
    | st.binary(max_size=50).map(lambda part: b'{"data": ["' + part + b'"]}\n')
    | DOCUMENT.map(encoded)
    | JSON.map(encoded)
)


def clean(error: BaseException) -> None:
    shown = "".join(traceback.format_exception_only(error))
    assert SECRET not in shown
    assert STORE.client_secret not in shown
    assert "jane" not in shown
    assert len(shown) < 20_000


@MANY
@given(BODIES, HEADERS)
def test_any_answer_is_a_document_or_a_typed_error(body: bytes, headers: dict[str, str]) -> None:
    response = Response(200, headers, body)
    readers = (
        read_page,
        read_raw_page,
        lambda found: read_one(decode(found)),
        lambda found: read_included(decode(found)),
    )
    for read in readers:
        _document_or_error(read, response)


def _document_or_error(read: Callable[[Response], object], response: Response) -> None:
    try:
        read(response)
    except OroCommerceError as error:
        clean(error)


@MANY
@given(st.integers(300, 599), BODIES, HEADERS)
def test_any_refusal_is_a_typed_error(status: int, body: bytes, headers: dict[str, str]) -> None:
    response = Response(status, headers, body)
    error = error_for(ASKED, response)
    assert isinstance(error, OroCommerceError)
    clean(error)
    assert response.retry_after is None or response.retry_after >= 0
    Retries().wait(ASKED, response, 1)


@MANY
@given(st.lists(st.binary(max_size=100), max_size=5), HEADERS, st.sampled_from([200, 500]))
def test_any_bytes_are_a_body_or_refused(chunks: list[bytes], headers: dict[str, str], status: int) -> None:
    try:
        body = Body(status, headers, 900.0)
        for chunk in chunks:
            body.add(chunk)
        body.end()
    except (RefusedBody, TruncatedBody) as error:
        clean(error)


@MANY
@given(BODIES, st.integers(200, 599), st.sampled_from(["client_credentials", "password"]))
def test_any_answer_to_a_login_is_a_token_or_a_typed_error(body: bytes, status: int, grant_type: str) -> None:
    from dataclasses import replace

    asking = replace(STORE, grant_type=grant_type, username="jane", user_password="s3cret-of-the-client")
    slot = token_slot(replace(asking, scope=repr(body)[:50]))
    slot.token, slot.refused = None, None
    flow = login(asking, slot, Retries(attempts=1), None, float("inf"))
    assert next(flow) == token_request(asking)
    with pytest.raises((StopIteration, OroCommerceError)) as ended:
        flow.send(Response(status, {}, body))
    if isinstance(ended.value, OroCommerceError):
        assert STORE.client_secret not in str(ended.value)


@MANY
@given(st.text(max_size=200))
def test_any_address_that_is_pasted_is_refused(text: str) -> None:
    with pytest.raises(OroCommerceError):
        Authorization("http://127.0.0.1:8765/callback").code(text)


@MANY
@given(st.text(max_size=100) | JSON.map(json.dumps))
def test_any_text_that_is_kept_is_a_grant_or_refused(text: str) -> None:
    with pytest.raises(OroCommerceError):
        Grant.decode(text)


@MANY
@given(BODIES, st.integers(200, 599))
def test_any_answer_to_a_code_is_a_grant_or_a_typed_error(body: bytes, status: int) -> None:
    authorization = Authorization("http://127.0.0.1:8765/callback")
    flow = exchange_code(STORE, authorization, "the-code-that-came", Retries(attempts=1))
    next(flow)
    with pytest.raises((StopIteration, OroCommerceError)) as ended:
        flow.send(Response(status, {}, body))
    assert "the-code-that-came" not in str(ended.value)
    assert authorization.verifier not in str(ended.value)


@MANY
@given(st.text(max_size=50))
def test_any_id_is_one_segment_below_the_api(id_: str) -> None:
    try:
        url = Calls(STORE).url("orders", id_)
    except ValueError as error:
        clean(error)
        return
    segment = url.removeprefix(f"{STORE.api_url}/orders/")
    assert url.startswith(f"{STORE.api_url}/orders/")
    assert segment.isascii()
    assert not set(segment) & set("/?#\\ \r\n")
    assert segment not in {"", ".", ".."}


EXTRAS = st.dictionaries(st.sampled_from([known.name for known in FIELDS]) | st.text(max_size=10), JSON, max_size=5)
COLUMN = st.none() | st.text(max_size=30) | st.sampled_from(["https://shop.example.com", "http://[", "a@b"])
HOST = COLUMN | st.just(f"https://u:{SECRET}@h")  # a client id, unlike a host, is no secret's place


@MANY
@given(HOST, COLUMN, st.none() | st.integers() | st.text(max_size=5), EXTRAS)
def test_any_connection_is_settings_or_a_field_that_is_named(
    host: Any, login_: Any, port: Any, extra: dict[str, Any]
) -> None:
    extra = {name: f"\x00{SECRET}" if name in {"user_password", "proxies"} else value for name, value in extra.items()}
    conn = SimpleNamespace(
        conn_id="shop",
        host=host,
        schema=None,
        login=login_,
        password=f"{SECRET}",
        port=port,
        extra=None,
        extra_dejson=extra,
    )
    try:
        made = parse_connection(conn)
    except ConnectionFieldError as error:
        clean(error)
    else:
        assert SECRET not in repr(made)
