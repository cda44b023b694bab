"""How requests get to the store: through which proxy, and trusting whose certificates; one rule for both drivers.

The connection decides. Where it is silent, the environment does as far as `trust_env` lets it: each library has its own habits
there (requests lets REQUESTS_CA_BUNDLE win over a session's authorities, aiohttp does not know it).
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from oro_provider.api.settings import Settings


def trusted(settings: Settings) -> bool | str:
    """Return whether certificates are checked, or the path of the authorities to check them by."""
    if settings.verify is True and settings.trust_env:
        return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    return settings.verify


def proxy(settings: Settings) -> str | None:
    """Return the proxy of requests to the store, or None."""
    own = settings.proxies.get(urlsplit(settings.base_url).scheme)
    if own or not settings.trust_env:
        return own
    from requests.utils import get_environ_proxies, select_proxy

    found: str | None = select_proxy(settings.base_url, get_environ_proxies(settings.base_url))
    if found and "://" not in found:
        found = f"http://{found}"
    return found or None


def tls_context(settings: Settings) -> ssl.SSLContext | bool:
    """Return what aiohttp is told of TLS: True for its own default. To read authorities takes tens of milliseconds."""
    authorities = trusted(settings)
    needless = settings.base_url.startswith("http://") or authorities is True
    if needless and settings.cert is None:
        return True
    if isinstance(authorities, str):
        # Only these: a default context trusts the system's authorities too.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(**{"capath" if Path(authorities).is_dir() else "cafile": authorities})
    else:
        context = ssl.create_default_context()
    if authorities is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert is not None:
        certificate, key = settings.cert if isinstance(settings.cert, tuple) else (settings.cert, None)
        context.load_cert_chain(certificate, key)
    return context


def proxies(settings: Settings) -> dict[str, str]:
    """Return the proxy as requests takes it."""
    found = proxy(settings)
    return {urlsplit(settings.base_url).scheme: found} if found else {}
