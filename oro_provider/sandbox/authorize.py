"""The browser's side of the authorization-code grant: a small login page, a consent page, and the way back to the client."""

from __future__ import annotations

import html
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from oro_provider.sandbox.exchange import Response
from oro_provider.sandbox.oauth import OAuthError

if TYPE_CHECKING:
    from oro_provider.sandbox.exchange import Request
    from oro_provider.sandbox.oauth import Client, Tokens

_COOKIE = "BAPID"
_DENIED = "The resource owner or authorization server denied the request."
_HTML = "text/html; charset=UTF-8"
_LOGIN = """<!doctype html><title>Login</title><h1>Login</h1><form method="post" action="{action}">
<input name="_username" autocomplete="username"><input name="_password" type="password" autocomplete="current-password">
<input type="hidden" name="_csrf_token" value="{csrf}"><button>Log in</button></form>"""
_CONSENT = """<!doctype html><title>Authorize</title><h1>Authorize {client}</h1><form method="post">
<input type="hidden" name="_csrf_token" value="{csrf}"><button name="grantAccess" value="true">Allow</button>
<button name="grantAccess" value="false">Deny</button></form>"""


class Authorize:
    """Answers the authorize and login pages below the admin prefix."""

    def __init__(self, tokens: Tokens, prefix: str, login_page: str) -> None:
        self.tokens = tokens
        self.prefix = prefix
        self.login_page = f"{prefix}/{login_page}"
        self._sessions: dict[str, str] = {}  # cookie -> the query to go on with, or "" once logged in
        self._users: dict[str, str] = {}

    def handle(self, request: Request) -> Response | None:
        """Answer a page of the login, or None when the path is none."""
        pages = {
            f"{self.prefix}/oauth2-token/authorize": self._authorize,
            self.login_page: self._login_page,
            f"{self.login_page}-check": self._login,
        }
        if request.path == "/oauth2-token/authorize":
            # The storefront's page: a back-office client finds a customer's login there, and a 404 behind it.
            return _redirect("/customer/user/login")
        page = pages.get(request.path)
        if page is None:
            return None
        try:
            return page(request)
        except OAuthError as error:
            return error.response()

    def log_in(self, user: str) -> str:
        """The cookie of a fresh session of this user."""
        cookie = secrets.token_hex(16)
        self._sessions[cookie] = ""
        self._users[cookie] = user
        return f"{_COOKIE}={cookie}"

    def _authorize(self, request: Request) -> Response:
        cookie = _cookie(request)
        if cookie not in self._users:  # asked for before anything else is looked at
            fresh = secrets.token_hex(16)
            self._sessions[fresh] = request.query
            answer = _redirect(self.login_page)
            answer.headers["Set-Cookie"] = f"{_COOKIE}={fresh}; Path=/; HttpOnly; SameSite=Lax"
            return answer
        asked = dict(parse_qsl(request.query))
        client, challenge = self._check(asked)
        back = {"state": asked["state"]} if "state" in asked else {}
        if request.method == "POST":
            form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
            if form.get("grantAccess") != "true":
                refused = {
                    "error": "access_denied",
                    "error_description": _DENIED,
                    "hint": "The user denied the request",
                }
                return _redirect(f"{client.redirect_uri}?{urlencode({**back, **refused, 'message': _DENIED})}")
        elif not client.skips_consent:
            page = _CONSENT.format(client=html.escape(client.id), csrf=secrets.token_hex(16))
            return Response(200, page.encode(), _HTML)
        code = self.tokens.add_code(client, asked.get("redirect_uri", client.redirect_uri), challenge)
        return _redirect(f"{client.redirect_uri}?{urlencode({'code': code, **back})}")

    def _check(self, asked: dict[str, str]) -> tuple[Client, str | None]:
        if asked.get("response_type") != "code":
            hint = "Check that all required parameters have been provided"
            raise OAuthError(400, "unsupported_grant_type", hint)
        client = self.tokens.clients.get(asked.get("client_id", ""))
        known = client is not None and "authorization_code" in client.grants
        if client is None or not known or asked.get("redirect_uri", client.redirect_uri) != client.redirect_uri:
            raise OAuthError(401, "invalid_client")
        challenge = asked.get("code_challenge")
        if challenge is None and client.secret is None:
            raise OAuthError(400, "invalid_request", "Code challenge must be provided for public clients")
        if challenge is not None and asked.get("code_challenge_method", "plain") != "S256":
            raise OAuthError(400, "invalid_request", "Plain code challenge method is not allowed for this client")
        return client, challenge

    def _login_page(self, request: Request) -> Response:
        page = _LOGIN.format(action=f"{self.login_page}-check", csrf=secrets.token_hex(16))
        return Response(200, page.encode(), _HTML)

    def _login(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        cookie = _cookie(request)
        name = form.get("_username", "")
        if self.tokens.users.get(name) != form.get("_password") or cookie not in self._sessions:
            return _redirect(self.login_page)
        self._users[cookie] = name
        return _redirect(f"{self.prefix}/oauth2-token/authorize?{self._sessions[cookie]}")


def _cookie(request: Request) -> str:
    for part in request.header("cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == _COOKIE:
            return value
    return ""


def _redirect(target: str) -> Response:
    return Response(302, b"", _HTML, {"Location": target})
