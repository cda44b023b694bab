"""The authorization-code grant: the way through the browser, the pair of tokens that it gives, and where the pair is kept.

A refresh gives a new pair and revokes both tokens of the old one at once (5.1 to 7.0). So the pair is one value, shared through
one store by every process that uses it; who refreshes puts the new pair there before using it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from oro_provider.api.errors import UNREADABLE, AuthenticationFailed, OroCommerceError
from oro_provider.api.exchange import KeepProblem

if TYPE_CHECKING:
    from oro_provider.api.settings import Settings

GRANT_TYPE = "authorization_code"
LOGIN_CURE = "Run `airflow orocommerce login <conn_id>` (or `python -m oro_provider login <conn_id>`)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A pair of tokens, and whose it is. `expires_at` (UNIX time) is the end of the access token.

    `read_only` says why a new pair could not be put in this one's place, where that is so: then it must not be refreshed.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float
    token_url: str
    client_id: str
    read_only: str = ""

    def encode(self) -> str:
        """Return the grant as JSON, as a store keeps it."""
        kept = {name: getattr(self, name) for name in _KEPT}
        return msgspec.json.encode(kept).decode()

    @classmethod
    def decode(cls, text: str) -> Grant:
        """Return the grant of a JSON text; raise `AuthenticationFailed`, without the text, where it is none."""
        try:
            found: Any = msgspec.json.decode(text)
        except UNREADABLE:
            found = None
        if not isinstance(found, dict) or not all(isinstance(found.get(name), kind) for name, kind in _KEPT.items()):
            raise AuthenticationFailed(
                "What is kept as the grant of this connection is none: run login again."
            ) from None
        return cls(**{name: found[name] for name in _KEPT})


_KEPT: dict[str, Any] = {
    "access_token": str,
    "refresh_token": str,
    "expires_at": (int, float),
    "token_url": str,
    "client_id": str,
}


class GrantStore(Protocol):
    """Where the pair of a connection is kept, for every process that uses the connection."""

    def read(self) -> Grant | None:
        """Return the pair that is kept now; None when nobody logged in yet."""

    def keep(self, grant: Grant) -> None:
        """Put this pair in the place of the one before it."""


class GrantStoreError(OroCommerceError):
    """The place where grants are kept does not answer, or takes none."""

    permanent = False


class NoGrants:
    """The store of who has none."""

    def read(self) -> Grant | None:
        raise AuthenticationFailed(
            f"A connection with grant_type {GRANT_TYPE!r} needs a place where its tokens are kept: OroClient(settings, grants=...)."
        )

    def keep(self, grant: Grant) -> None:
        self.read()


class MemoryGrants:
    """A store for one process: for a plain script, and for tests."""

    def __init__(self, grant: Grant | None = None) -> None:
        self._grant = grant
        self._lock = threading.Lock()

    def read(self) -> Grant | None:
        with self._lock:
            return self._grant

    def keep(self, grant: Grant) -> None:
        with self._lock:
            self._grant = grant


def kept(store: GrantStore, grant: Grant) -> KeepProblem | None:
    """Put a pair away; return what went wrong, for the flow to decide on."""
    try:
        store.keep(grant)
    except OroCommerceError as error:
        return KeepProblem(str(error))
    return None


def own_grant(settings: Settings, grant: Grant | None) -> Grant:
    """Return the grant if it is there and of this connection: a refresh token goes to no other store than its own."""
    if grant is None:
        raise AuthenticationFailed(f"Nobody has logged in for this connection yet. {LOGIN_CURE}")
    if (grant.token_url, grant.client_id) != (settings.token_url, settings.client_id):
        raise AuthenticationFailed(
            f"The grant that is kept was given by {urlsplit(grant.token_url).netloc} for another store or client id than the "
            f"connection's. {LOGIN_CURE}"
        )
    return grant


class ForeignRedirect(AuthenticationFailed):
    """An address came back that is not the answer to this login."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """One attempt to be let in: the page to open, and what its answer is checked with and exchanged by."""

    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)

    def url(self, settings: Settings) -> str:
        """Return the page of the back office to open in a browser. It lies below the admin prefix; the storefront's is a 404."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **({"scope": settings.scope} if settings.scope else {}),
        }
        return f"{settings.authorize_url}?{urlencode(asked)}"

    def code(self, redirected: str) -> str:
        """Return the code of the address that the store redirected to.

        Raises `ForeignRedirect` for an address that is not this login's, `AuthenticationFailed` where the store refuses it.
        """
        try:
            answer = {name: values[0] for name, values in parse_qs(urlsplit(redirected.strip()).query).items()}
        except ValueError:
            answer = {}
        if not secrets.compare_digest(answer.get("state", "").encode(), self.state.encode()):
            raise ForeignRedirect(
                "That address does not belong to this login (its state is another or missing): paste the whole address "
                "that the browser ended at, or begin again."
            )
        if "error" in answer:
            why = "the login was denied" if answer["error"] == "access_denied" else "the store refused the login"
            raise AuthenticationFailed(f"No code came back: {why}.")
        if not answer.get("code"):
            raise AuthenticationFailed("That address holds no code: paste the whole address that the browser ended at.")
        return answer["code"]


def code_form(settings: Settings, authorization: Authorization, code: str) -> dict[str, str | None]:
    """Return the form that exchanges a code for the first pair."""
    return {
        "grant_type": GRANT_TYPE,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "redirect_uri": authorization.redirect_uri,
        "code": code,
        "code_verifier": authorization.verifier,
    }


def refresh_form(settings: Settings, grant: Grant) -> dict[str, str | None]:
    """Return the form that exchanges a pair for the next one; a public client sends no secret."""
    return {
        "grant_type": "refresh_token",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "refresh_token": grant.refresh_token,
    }
