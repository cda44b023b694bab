"""OAuth: tokens by client credentials, password, refresh and authorization code with PKCE, with the store's errors."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from oro_provider.sandbox.exchange import JSON, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oro_provider.sandbox.clock import Clock
    from oro_provider.sandbox.exchange import Request

_TEXTS = {
    "invalid_client": "Client authentication failed",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server.",
    "invalid_request": (
        "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more "
        "than once, or is otherwise malformed."
    ),
    "invalid_grant": (
        "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is "
        "invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued "
        "to another client."
    ),
}
_BAD_REFRESH = "The refresh token is invalid."
_BAD_USER = "The user credentials were incorrect."
_REFRESH_SECONDS = 30 * 24 * 3600
_CODE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth application of the store; one without a secret is public."""

    id: str
    secret: str | None
    grants: frozenset[str]
    redirect_uri: str = ""
    skips_consent: bool = False


class OAuthError(Exception):
    """A refusal of the token endpoint or of the authorize page."""

    def __init__(self, status: int, error: str, hint: str | None = None, text: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint
        self.text = text or _TEXTS[error]

    def response(self) -> Response:
        """The answer in the store's shape."""
        body = {"error": self.error, "error_description": self.text}
        if self.hint is not None:
            body["hint"] = self.hint
        body["message"] = self.text
        return Response(self.status, json.dumps(body).encode(), JSON)


@dataclass(slots=True)
class Code:
    """An authorization code, waiting to be exchanged once."""

    client: str
    redirect_uri: str
    challenge: str | None
    expires: float
    used: bool = False


@dataclass(slots=True)
class _Refresh:
    client: str
    access: str
    expires: float
    revoked: bool = False


class Tokens:
    """The token endpoint's memory. `issued` are all tokens and codes that it ever gave, for a search of what must not hold them."""

    def __init__(
        self, clients: Mapping[str, Client], users: Mapping[str, str], clock: Clock, lifetime: int = 3600
    ) -> None:
        self.clients = clients
        self.users = users
        self.clock = clock
        self.lifetime = lifetime
        self.codes: dict[str, Code] = {}
        self.issued: list[str] = []
        self._access: dict[str, tuple[str, float]] = {}
        self._refresh: dict[str, _Refresh] = {}

    def client_of(self, authorization: str) -> str | None:
        """The client id behind an `Authorization` header; None when the token is missing, unknown, expired or revoked."""
        # The scheme is compared with its case: "bearer" is refused.
        scheme, _, token = authorization.partition(" ")
        found = self._access.get(token) if scheme == "Bearer" else None
        if found is None or found[1] <= self.clock.seconds():
            return None
        return found[0]

    def revoke_all(self) -> None:
        """Make every access token invalid at once."""
        self._access.clear()

    def issue(self, request: Request) -> Response:
        """Answer `POST /oauth2-token`."""
        try:
            form = self._form(request)
            grant = form.get("grant_type", "")
            handlers = {
                "client_credentials": self._client_credentials,
                "password": self._password,
                "refresh_token": self._refresh_token,
                "authorization_code": self._authorization_code,
            }
            if grant not in handlers:
                hint = "Check that all required parameters have been provided"
                raise OAuthError(400, "unsupported_grant_type", hint)
            return handlers[grant](form)
        except OAuthError as error:
            return error.response()

    def add_code(self, client: Client, redirect_uri: str, challenge: str | None) -> str:
        """A fresh authorization code."""
        code = self._new()
        self.codes[code] = Code(client.id, redirect_uri, challenge, self.clock.seconds() + _CODE_SECONDS)
        return code

    def _form(self, request: Request) -> dict[str, str]:
        kind = request.header("content-type").partition(";")[0]
        form: dict[str, str] = {}
        if kind in {"application/json", "application/vnd.api+json"}:
            try:
                loaded = json.loads(request.body or b"{}")
            except ValueError:
                loaded = {}
            form = {str(k): str(v) for k, v in loaded.items()} if isinstance(loaded, dict) else {}
        else:
            form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        scheme, _, packed = request.header("authorization").partition(" ")
        if scheme == "Basic":
            try:
                name, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                name, secret = "", ""
            form.setdefault("client_id", name)
            form.setdefault("client_secret", secret)
        return form

    def _client(self, form: Mapping[str, str], grant: str) -> Client:
        if "client_id" not in form:
            raise OAuthError(400, "invalid_request", "Check the `client_id` parameter")
        client = self.clients.get(form["client_id"])
        if client is None or (client.secret is not None and form.get("client_secret") != client.secret):
            raise OAuthError(401, "invalid_client")
        if grant not in client.grants:
            raise OAuthError(401, "invalid_client")
        return client

    def _client_credentials(self, form: Mapping[str, str]) -> Response:
        return self._answer(self._client(form, "client_credentials"), refreshable=False)

    def _password(self, form: Mapping[str, str]) -> Response:
        client = self._client(form, "password")
        for name in ("username", "password"):
            if name not in form:
                raise OAuthError(400, "invalid_request", f"Check the `{name}` parameter")
        if self.users.get(form["username"]) != form["password"]:
            raise OAuthError(400, "invalid_grant", text=_BAD_USER)
        return self._answer(client, refreshable=True)

    def _refresh_token(self, form: Mapping[str, str]) -> Response:
        client = self._client(form, "refresh_token")
        if "refresh_token" not in form:
            raise OAuthError(400, "invalid_request", "Check the `refresh_token` parameter")
        old = self._refresh.get(form["refresh_token"])
        if old is None:
            raise OAuthError(401, "invalid_request", "Cannot decrypt the refresh token", _BAD_REFRESH)
        if old.client != client.id:
            raise OAuthError(401, "invalid_request", "Token is not linked to client", _BAD_REFRESH)
        if old.expires <= self.clock.seconds():
            raise OAuthError(401, "invalid_request", "Token has expired", _BAD_REFRESH)
        if old.revoked:
            raise OAuthError(401, "invalid_request", "Token has been revoked", _BAD_REFRESH)
        # A refresh revokes the old refresh token and the old access token at once.
        old.revoked = True
        self._access.pop(old.access, None)
        return self._answer(client, refreshable=True)

    def _authorization_code(self, form: Mapping[str, str]) -> Response:
        client = self._client(form, "authorization_code")
        code = self.codes.get(form.get("code", ""))
        if code is None:
            raise OAuthError(400, "invalid_request", "Cannot decrypt the authorization code")
        if code.used or code.expires <= self.clock.seconds():
            raise OAuthError(
                400, "invalid_request", f"Authorization code has {'been revoked' if code.used else 'expired'}"
            )
        if code.client != client.id:
            raise OAuthError(400, "invalid_request", "Authorization code was not issued to this client")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError(401, "invalid_client")
        if code.challenge is not None:
            verifier = form.get("code_verifier")
            if not verifier:
                raise OAuthError(400, "invalid_request", "Check the `code_verifier` parameter")
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            if digest != code.challenge:
                raise OAuthError(400, "invalid_grant", "Failed to verify `code_verifier`.")
        code.used = True
        return self._answer(client, refreshable=True)

    def _answer(self, client: Client, *, refreshable: bool) -> Response:
        now = self.clock.seconds()
        token = self._new()
        self._access[token] = (client.id, now + self.lifetime)
        body: dict[str, object] = {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": token}
        if refreshable:
            refresh = self._new()
            self._refresh[refresh] = _Refresh(client.id, token, now + _REFRESH_SECONDS)
            body["refresh_token"] = refresh
        return Response(200, json.dumps(body).encode(), f"{JSON}; charset=UTF-8")

    def _new(self) -> str:
        token = new_token()
        self.issued.append(token)
        return token


def new_token() -> str:
    """A token or code that nobody can guess."""
    return secrets.token_urlsafe(48)
