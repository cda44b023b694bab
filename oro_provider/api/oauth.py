"""Tokens: how one is asked for, what the token endpoint's answers mean, and where it is kept.

Tokens live in this process only, one slot for each identity (store, client, grant, user, scope), shared by every client of
that identity whichever driver it uses. They are written nowhere.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from oro_provider.api.errors import (
    MAINTENANCE_CURE,
    AuthenticationFailed,
    Maintenance,
    NotFound,
    OroCommerceError,
    UnexpectedAnswer,
    redact,
)
from oro_provider.api.exchange import Failure, Flow, Pause, Request, Response, Retries, failure

if TYPE_CHECKING:
    from oro_provider.api.settings import Settings

# A token is renewed this long before it ends, so that no request carries one that ends on its way.
LEAD_SECONDS = 60.0

INVALID_CLIENT_CURE = (
    "The client id (login) or client secret (password) is wrong, the OAuth application is not active or does not have this "
    "grant; a store whose web API is switched off answers the same (`oro:config:update oro_api.web_api 1`)."
)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the moment (of `time.monotonic`) from which it should not be used."""

    value: str = field(repr=False)
    renew_at: float

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.renew_at


@dataclass(slots=True)
class TokenSlot:
    """The token of one identity, and the lock that its renewal holds; shared by threads and event loops."""

    token: Token | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    refused: tuple[float, OroCommerceError] | None = None

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
        slot.token = yield from _request_token(settings, retries)
    except OroCommerceError as error:
        slot.refused = (time.monotonic(), error)
        raise
    return slot.token


def _request_token(settings: Settings, retries: Retries) -> Flow[Token]:
    request = token_request(settings)
    attempt = 1
    while True:
        started = time.monotonic()
        answer: Response | Failure = yield request  # type: ignore[assignment]  # a Request is answered by one of these
        if isinstance(answer, Response) and answer.status == 200:
            return read_token(settings, request, answer, started)
        wait = retries.wait(request, answer, attempt)
        if wait is None:
            raise _refusal(settings, request, answer)
        attempt += 1
        yield Pause(wait)


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
    body = urlencode({name: value for name, value in form.items() if value})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    return Request("POST", settings.token_url, headers, body.encode(), repeatable=True)


def read_token(settings: Settings, request: Request, response: Response, started: float) -> Token:
    """Return the token of a 200 answer; it counts from the moment when it was asked for."""
    try:
        document: Any = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        document = None
    value = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(value, str) or not value:
        # Some stores answered 200 with their HTML login page where guest access is off.
        raise UnexpectedAnswer(
            f"{request.method} {request.path} answered {'HTML' if response.is_html else 'something else'} instead of a token. "
            f"Is {settings.origin} an OroCommerce store, and `{settings.token_path}` its token path?",
            status=response.status,
        )
    lifetime = document.get("expires_in")
    lifetime = float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else 3600.0
    return Token(value, started + max(lifetime - LEAD_SECONDS, lifetime / 2))


def _refusal(settings: Settings, request: Request, answer: Response | Failure) -> OroCommerceError:
    if isinstance(answer, Failure):
        return failure(request, answer)
    asked = f"{request.method} {request.path} answered {answer.status}."
    if answer.status == 404:
        return NotFound(
            f"{asked} The token path is `oauth2-token` below the store's own address, never below the admin prefix; "
            f"check host ({settings.origin}) and token_path of the connection.",
            status=404,
        )
    if answer.status == 503:
        return Maintenance(f"{asked} {MAINTENANCE_CURE}", status=503, retry_after=answer.retry_after)
    if answer.status not in {400, 401}:
        return failure(request, answer)
    error, hint = _oauth_error(answer.body)
    secrets = (settings.client_secret, settings.user_password or "")
    said = redact(f"The store said: {error}{f' ({hint})' if hint else ''}.", secrets) if error else ""
    cure = {
        "invalid_client": INVALID_CLIENT_CURE,
        "invalid_grant": "The user name or the user's password is wrong, or the account is disabled or locked.",
        "unsupported_grant_type": f"The store does not know the grant `{settings.grant_type}`.",
        "invalid_request": "The client id (login) of the connection is missing or malformed.",
    }.get(error, f"Is {settings.origin} an OroCommerce store?")
    return AuthenticationFailed(" ".join(part for part in (asked, said, cure) if part), status=answer.status)


def _oauth_error(body: bytes) -> tuple[str, str]:
    try:
        document: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return "", ""
    if not isinstance(document, dict):
        return "", ""
    return str(document.get("error") or ""), str(document.get("hint") or "")
