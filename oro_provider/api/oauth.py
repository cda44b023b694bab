"""Tokens: how one is asked for, what the token endpoint's answers mean, and where it is kept.

Tokens live in this process, one slot for each identity (store, client, grant, user, scope), shared by every client of that
identity whichever driver it uses. They are written nowhere, but for the pair of a login by browser (`grants`).
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from oro_provider.api.errors import (
    MAINTENANCE_CURE,
    UNREADABLE,
    AuthenticationFailed,
    Maintenance,
    NotFound,
    OroCommerceError,
    UnexpectedAnswer,
    plain,
    redact,
)
from oro_provider.api.exchange import Failure, Flow, KeepGrant, Pause, ReadGrant, Request, Response, Retries, failure
from oro_provider.api.grants import GRANT_TYPE, LOGIN_CURE, Authorization, Grant, code_form, own_grant, refresh_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oro_provider.api.settings import Settings

# A token is renewed this long before it ends, so that no request carries one that ends on its way.
LEAD_SECONDS = 60.0
LONGEST_LIFETIME = 10 * 365 * 24 * 3600.0

# How long a process whose refresh was refused waits for the pair of the one that was faster: the other has its answer and is
# putting it away, which takes Airflow's API server some 50 ms, and seconds where it is busy.
NEWER_GRANT_SECONDS = 10.0
NEWER_GRANT_POLL = 0.1
KEEP_ATTEMPTS = 5

INVALID_CLIENT_CURE = (
    "The client id (login) or client secret (password) is wrong, the OAuth application is not active or does not have this "
    "grant; a store whose web API is switched off answers the same (`oro:config:update oro_api.web_api 1`)."
)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the moment (of `time.monotonic`) from which it should not be used.

    `borrowed`: another process got it, and may get the next one at any moment, which ends this one.
    """

    value: str = field(repr=False)
    renew_at: float
    borrowed: bool = False

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.renew_at


@dataclass(slots=True)
class TokenSlot:
    """The token of one identity, and the lock that its renewal holds; shared by threads and event loops."""

    token: Token | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    refused: tuple[float, OroCommerceError] | None = None
    unkept: Grant | None = None  # a new pair that could not be put away: the old one is dead, so this is all there is

    def usable(self, stale: Token | None) -> Token | None:
        """Return the token if it is fresh and not the one that was just refused."""
        token = self.token
        return token if token is not None and token is not stale and token.fresh else None

    def refusal_since(self, moment: float) -> OroCommerceError | None:
        """Return the error of a login that failed after `moment`: who waited for it need not ask again."""
        refused = self.refused
        return refused[1] if refused is not None and refused[0] >= moment else None


_slots: dict[tuple[str | None, ...], TokenSlot] = {}
_slots_lock = threading.Lock()


def token_slot(settings: Settings) -> TokenSlot:
    """Return the slot that all clients of this identity in this process share."""
    identity = (
        settings.token_url,
        settings.client_id,
        settings.client_secret,
        settings.grant_type,
        settings.username,
        settings.user_password,
        settings.scope,
        settings.grant_name,
    )
    with _slots_lock:
        return _slots.setdefault(identity, TokenSlot())


def login(settings: Settings, slot: TokenSlot, retries: Retries, stale: Token | None, asked_at: float) -> Flow[Token]:
    """Return a usable token, asking the store for one if nobody else did meanwhile. The driver holds the slot's lock."""
    token = slot.usable(stale)
    if token is not None:
        return token
    refusal = slot.refusal_since(asked_at)
    if refusal is not None:
        raise refusal
    try:
        if settings.grant_type == GRANT_TYPE:
            slot.token = yield from _shared_token(settings, slot, retries, stale)
        else:
            slot.token = yield from _request_token(settings, retries)
    except OroCommerceError as error:
        slot.refused = (time.monotonic(), error)
        raise
    return slot.token


def _request_token(settings: Settings, retries: Retries) -> Flow[Token]:
    request = token_request(settings)
    started = time.monotonic()
    answer = yield from _ask(request, retries)
    if isinstance(answer, Response) and answer.status == 200:
        document, lifetime = token_document(settings, request, answer)
        return _token(document["access_token"], started, lifetime)
    raise _refusal(settings, request, answer)


def _ask(request: Request, retries: Retries) -> Flow[Response | Failure]:
    """Send a token request until its answer is final; return that, whatever it is."""
    attempt = 1
    while True:
        answer: Response | Failure = yield request  # type: ignore[assignment]  # a Request is answered by one of these
        wait = None if isinstance(answer, Response) and answer.status == 200 else retries.wait(request, answer, attempt)
        if wait is None:
            return answer
        attempt += 1
        yield Pause(wait)


def _shared_token(settings: Settings, slot: TokenSlot, retries: Retries, stale: Token | None) -> Flow[Token]:
    """Return the access token of the pair that all processes share, refreshing the pair where it is due."""
    if slot.unkept is not None:
        yield from _keep(slot, slot.unkept)
    grant = own_grant(settings, (yield ReadGrant()))  # type: ignore[arg-type]  # answered by a grant or None
    while True:
        token = _token(grant.access_token, time.monotonic(), grant.expires_at - time.time())
        if token.fresh and (stale is None or token.value != stale.value):
            return replace(token, borrowed=True)
        if grant.read_only:
            raise AuthenticationFailed(f"The grant of this connection is due to be refreshed, but {grant.read_only}.")
        request = form_request(settings, refresh_form(settings, grant))
        asked_at, started = time.time(), time.monotonic()
        answer = yield from _ask(request, retries)
        if isinstance(answer, Response) and answer.status == 200:
            new = read_grant(settings, request, answer, asked_at)
            yield from _keep(slot, new)
            return _token(new.access_token, started, new.expires_at - asked_at)
        if not _refresh_refused(answer):
            raise _refusal(settings, request, answer)
        grant = yield from _newer_grant(settings, request, answer, grant)


def _newer_grant(settings: Settings, request: Request, answer: Response | Failure, old: Grant) -> Flow[Grant]:
    """Return the pair that another process got for the one that was refused to us."""
    give_up_at = time.monotonic() + NEWER_GRANT_SECONDS
    while True:
        grant = own_grant(settings, (yield ReadGrant()))  # type: ignore[arg-type]  # answered by a grant or None
        if grant.refresh_token != old.refresh_token:
            return grant
        if time.monotonic() >= give_up_at:
            raise _refusal(settings, request, answer)
        yield Pause(NEWER_GRANT_POLL)


def _keep(slot: TokenSlot, grant: Grant) -> Flow[None]:
    """Put a pair away before it is used. The one before it is dead, so it is tried again, and kept in mind meanwhile."""
    slot.unkept = grant
    for attempt in range(1, KEEP_ATTEMPTS + 1):
        problem = yield KeepGrant(grant)
        if problem is None:
            slot.unkept = None
            return
        if attempt < KEEP_ATTEMPTS:
            yield Pause(0.2 * attempt)
    raise AuthenticationFailed(
        f"The store gave a new grant, which could not be put away: {problem}. Only this process has it now; where it ends "
        f"before that is mended, the grant is lost. Then: {LOGIN_CURE}"
    )


def _refresh_refused(answer: Response | Failure) -> bool:
    # A used, foreign or unreadable refresh token is 401 invalid_request (5.1 to 7.0); 400 invalid_grant is what the RFC says.
    return isinstance(answer, Response) and (answer.status, _oauth_error(answer.body)[0]) in {
        (401, "invalid_request"),
        (401, "invalid_grant"),
        (400, "invalid_grant"),
    }


def exchange_code(settings: Settings, authorization: Authorization, code: str, retries: Retries) -> Flow[Grant]:
    """Return the first pair for the code that the browser brought back."""
    request = form_request(settings, code_form(settings, authorization, code))
    asked_at = time.time()
    answer = yield from _ask(request, retries)
    if isinstance(answer, Response) and answer.status == 200:
        return read_grant(settings, request, answer, asked_at)
    raise _refusal(settings, request, answer)


def token_request(settings: Settings) -> Request:
    """Return the request for a token: a form, which every version and grant takes."""
    form = {
        "grant_type": settings.grant_type,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "scope": settings.scope,
    }
    if settings.grant_type == "password":
        form |= {"username": settings.username, "password": settings.user_password}
    return form_request(settings, form)


def form_request(settings: Settings, form: Mapping[str, str | None]) -> Request:
    """Return a request to the token endpoint with this form, without what is empty in it."""
    body = urlencode({name: value for name, value in form.items() if value})
    headers = {
        **settings.extra_headers,
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": settings.user_agent,
    }
    return Request("POST", settings.token_url, headers, body.encode(), repeatable=True)


def token_document(settings: Settings, request: Request, response: Response) -> tuple[dict[str, Any], float]:
    """Return the document of a 200 answer, whose `access_token` is text, and the token's lifetime in seconds."""
    try:
        document: Any = msgspec.json.decode(response.body)
    except UNREADABLE:
        document = None
    value = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value.strip():
        # Some stores answered 200 with their HTML login page where guest access is off.
        raise UnexpectedAnswer(
            f"{request.method} {request.path} answered {'HTML' if response.is_html else 'something else'} instead of a token. "
            f"Is {settings.origin} an OroCommerce store, and `{settings.token_path}` its token path?",
            status=response.status,
        ) from None
    lifetime = document.get("expires_in")
    known = isinstance(lifetime, int | float) and not isinstance(lifetime, bool) and 0 < lifetime <= LONGEST_LIFETIME
    return document, float(lifetime) if known else 3600.0


def _token(value: str, started: float, lifetime: float) -> Token:
    return Token(value, started + max(lifetime - LEAD_SECONDS, lifetime / 2))


def read_grant(settings: Settings, request: Request, response: Response, asked_at: float) -> Grant:
    """Return the pair of a 200 answer; it counts from `asked_at` (UNIX time)."""
    document, lifetime = token_document(settings, request, response)
    refresh = document.get("refresh_token")
    if not isinstance(refresh, str) or not refresh:
        raise UnexpectedAnswer(
            f"{request.method} {request.path} gave a token that cannot be refreshed: refresh tokens are switched off in the "
            "store, or for its OAuth application."
        )
    return Grant(
        access_token=document["access_token"],
        refresh_token=refresh,
        expires_at=asked_at + lifetime,
        token_url=settings.token_url,
        client_id=settings.client_id,
    )


def _refusal(settings: Settings, request: Request, answer: Response | Failure) -> OroCommerceError:
    if isinstance(answer, Failure):
        return failure(request, answer)
    asked = f"{request.method} {request.path} answered {answer.status}."
    if answer.status == 404:
        return NotFound(
            f"{asked} The token path is `oauth2-token` below the store's own address, never below the admin prefix; "
            f"check host ({settings.base_url}) and token_path of the connection.",
            status=404,
        )
    if answer.status == 503:
        return Maintenance(f"{asked} {MAINTENANCE_CURE}", status=503, retry_after=answer.retry_after)
    error, hint = _oauth_error(answer.body)
    if answer.status not in {400, 401} or (answer.is_gateways and not error):
        return failure(request, answer)
    form = dict(parse_qsl((request.body or b"").decode()))
    said = f"The store said: {error}{f' ({hint})' if hint else ''}." if error else ""
    parts = (asked, redact(said, _secrets(form)), _cure(settings, form.get("grant_type", ""), error))
    return AuthenticationFailed(" ".join(filter(None, parts)), status=answer.status)


def _secrets(form: Mapping[str, str]) -> list[str]:
    return [form.get(name, "") for name in ("client_secret", "password", "refresh_token", "code", "code_verifier")]


def _cure(settings: Settings, grant_type: str, error: str) -> str:
    """What to do about a refusal: the same word means one thing or another by what was asked for."""
    if error == "invalid_client":
        return INVALID_CLIENT_CURE
    if error == "unsupported_grant_type":
        return f"The store does not know the grant `{grant_type}`."
    if grant_type == "refresh_token" and error in {"invalid_request", "invalid_grant"}:
        return (
            "The grant is used up, has expired (30 days unless the store says otherwise) or was revoked, and no other process "
            f"put a newer one in its place. {LOGIN_CURE}"
        )
    if grant_type == GRANT_TYPE and error in {"invalid_request", "invalid_grant"}:
        return "The code is used up or older than 10 minutes, or is another login's: begin again."
    if error == "invalid_grant":
        return "The user name or the user's password is wrong, or the account is disabled or locked."
    if error == "invalid_request":
        return "The client id (login) of the connection is missing or malformed."
    return f"Is {settings.origin} an OroCommerce store?"


def _oauth_error(body: bytes) -> tuple[str, str]:
    try:
        document: Any = msgspec.json.decode(body)
    except UNREADABLE:
        return "", ""
    if not isinstance(document, dict):
        return "", ""
    return plain(document.get("error")), plain(document.get("hint"))
