"""What a client has to know of one store, as a value: where it is, how to log in, how hard to press it.

Lives below the Airflow line, so that a plain script can write `OroClient(Settings(...))`; `oro_provider.connection`
makes the same value from an Airflow connection and is where bad input is refused by field name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A store and how to speak to it.

    `base_url` is scheme, host, port and an optional path, without a slash at its end (`https://shop.example.com`). Times
    are seconds. `verify` is True, False or the path of a CA bundle; `cert` the path of a PEM file with key and certificate, or
    a pair of paths. `proxies` maps a scheme to a proxy URL. `requests_per_second` None means no limit. `grant_name` tells the
    logins by browser of one client apart: each is another person's. `read_timeout` is the longest silence, and what headers may
    take in all; `longest_answer` is what an answer may take from its first byte to its last.
    """

    base_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    grant_type: str = "client_credentials"
    username: str | None = None
    user_password: str | None = field(default=None, repr=False)
    scope: str | None = None
    grant_name: str | None = None
    admin_prefix: str = "admin"
    api_path: str = "api"
    token_path: str = "oauth2-token"  # noqa: S105 - a path; never below the admin prefix (5.1 to 7.0)
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_answer: float = 900.0
    page_size: int = 100
    max_connections: int = 8
    requests_per_second: float | None = None
    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)  # may carry a proxy's password
    trust_env: bool = True
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may carry a gateway's key
    user_agent: str = "airflow-provider-orocommerce"

    @property
    def origin(self) -> str:
        """Scheme, host and port: the only place where a token of this store may go."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def api_url(self) -> str:
        """`https://shop.example.com/admin/api`, the address below which every resource lies."""
        path = "/".join(part for part in (self.admin_prefix, self.api_path) if part)
        return f"{self.base_url}/{path}"

    @property
    def token_url(self) -> str:
        """`https://shop.example.com/oauth2-token`, the address of the token endpoint."""
        return f"{self.base_url}/{self.token_path}"

    @property
    def authorize_url(self) -> str:
        """`https://shop.example.com/admin/oauth2-token/authorize`, the page where a person lets an application in."""
        path = "/".join(part for part in (self.admin_prefix, self.token_path, "authorize") if part)
        return f"{self.base_url}/{path}"
