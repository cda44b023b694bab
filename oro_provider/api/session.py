"""A `requests.Session` for calls that are not ours (`HttpOperator`, a user's own code), with our token and our limits.

It sends nothing outside the store's origin: not by an absolute URL, not by a redirect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from requests.auth import AuthBase

from oro_provider.api.body import ACCEPT_ENCODING, RefusedBody, TruncatedBody
from oro_provider.api.client import TRANSPORT_ERRORS, failure_of, read_body
from oro_provider.api.deadlines import DeadlineSession
from oro_provider.api.documents import MEDIA_TYPE
from oro_provider.api.errors import UnexpectedAnswer, plain
from oro_provider.api.exchange import Failure, Request, failure
from oro_provider.api.route import proxies, trusted

if TYPE_CHECKING:
    import requests

    from oro_provider.api.client import OroClient
    from oro_provider.api.oauth import Token


class StoreAuth(AuthBase):
    """Puts the store's token on a request, and a new one on its repetition after the first 401."""

    def __init__(self, client: OroClient) -> None:
        self._client = client

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = self._client.token()
        request.headers["Authorization"] = f"Bearer {token.value}"

        def renew(response: requests.Response, **options: Any) -> requests.Response:
            return self._renewed(response, token, options)

        request.hooks["response"].append(renew)
        return request

    def _renewed(self, response: requests.Response, stale: Token, options: dict[str, Any]) -> requests.Response:
        answer = response
        for _ in range(self._client.logins):
            if answer.status_code != 401:
                break
            answer.close()  # unread: it is empty, and where it is not, it is not the store's
            again = answer.request.copy()
            again.hooks["response"].clear()
            stale = self._client.token(stale)
            again.headers["Authorization"] = f"Bearer {stale.value}"
            repeated: requests.Response = response.connection.send(again, **options)
            repeated.history.append(answer)
            repeated.request = again
            answer = repeated
        return answer


class StoreSession(DeadlineSession):
    """A session that is authenticated for one store and refuses every other address."""

    def __init__(self, client: OroClient) -> None:
        settings = client.settings
        super().__init__(settings.longest_answer)
        self._client = client
        self._settings = settings
        self.auth = StoreAuth(client)
        self.trust_env = False  # what the environment says is in `trusted` and `proxies`, if it may
        self.verify = trusted(settings)
        self.cert = settings.cert
        self.proxies = dict(proxies(settings))
        self.headers.update(
            {
                **settings.extra_headers,
                "Accept": MEDIA_TYPE,
                "Accept-Encoding": ACCEPT_ENCODING,
                "User-Agent": settings.user_agent,
            }
        )

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request to the store; a redirect comes through here too. Raises our errors, not those of requests."""
        self._refuse_elsewhere(request.url or "")
        self._client.count_request()
        # Streamed, so that the body is read within our limits.
        wants_stream = kwargs.pop("stream", False)
        asked = Request(
            request.method or "", request.url or "", repeatable=request.method in {"GET", "HEAD", "OPTIONS"}
        )
        try:
            response = super().send(request, stream=True, **kwargs)
            if not wants_stream:
                headers = {name.lower(): value for name, value in response.headers.items()}
                with response:
                    response._content = read_body(response, headers, self._settings.longest_answer)
                response._content_consumed = True  # type: ignore[attr-defined]  # as `Response.content` does
            return response
        except RefusedBody as refused:
            raise failure(asked, Failure(str(refused), sent=True, refused=True)) from None
        except TruncatedBody:
            raise failure(asked, Failure("the answer broke off", sent=True, truncated=True)) from None
        except TRANSPORT_ERRORS as error:
            raise failure(asked, failure_of(error, self._settings)) from None

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where a redirect points if it stays in the store, and leave its body unread."""
        if not resp.is_redirect:
            return None
        location = resp.headers["location"]
        try:
            self._refuse_elsewhere(urljoin(resp.url, location))
        except ValueError:
            raise UnexpectedAnswer("The store redirects to an address that is none.", status=resp.status_code) from None
        resp.close()
        resp._content = b""
        resp._content_consumed = True  # type: ignore[attr-defined]  # as `Response.content` does
        return str(location)

    def _refuse_elsewhere(self, url: str) -> None:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self._settings.origin:
            raise UnexpectedAnswer(
                f"This connection speaks to {self._settings.origin} only; the request was for "
                f"{plain(f'{parts.scheme}://{parts.hostname}')}. If the store redirects there, set the connection's host to that "
                "address."
            )
