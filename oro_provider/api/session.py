"""A `requests.Session` for calls that are not ours (`HttpOperator`, a user's own code), with our token and our limits.

It sends nothing outside the store's origin: not by an absolute URL, not by a redirect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from oro_provider.api.documents import MEDIA_TYPE
from oro_provider.api.errors import UnexpectedAnswer
from oro_provider.api.route import proxies, trusted

if TYPE_CHECKING:
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
            answer.content  # noqa: B018 - read to its end, so that the connection can be used again
            answer.close()
            again = answer.request.copy()
            again.hooks["response"].clear()
            stale = self._client.token(stale)
            again.headers["Authorization"] = f"Bearer {stale.value}"
            repeated: requests.Response = response.connection.send(again, **options)
            repeated.history.append(answer)
            repeated.request = again
            answer = repeated
        return answer


class StoreSession(requests.Session):
    """A session that is authenticated for one store and refuses every other address."""

    def __init__(self, client: OroClient) -> None:
        super().__init__()
        settings = client.settings
        self._origin = settings.origin
        self.auth = StoreAuth(client)
        self.trust_env = False  # what the environment says is in `trusted` and `proxies`, if it may
        self.verify = trusted(settings)
        self.cert = settings.cert
        self.proxies = dict(proxies(settings))
        self.headers.update({**settings.extra_headers, "Accept": MEDIA_TYPE, "User-Agent": settings.user_agent})

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request to the store; a redirect comes through here too."""
        parts = urlsplit(request.url or "")
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin != self._origin:
            raise UnexpectedAnswer(
                f"This connection speaks to {self._origin} only; the request was for {parts.scheme}://{parts.hostname}. "
                "If the store redirects there, set the connection's host to that address."
            )
        return super().send(request, **kwargs)
