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

from oro_provider.api.exchange import Failure

if TYPE_CHECKING:
    from oro_provider.api.settings import Settings


# What a server says that refuses our certificate or misses it. With TLS 1.3 it comes after the request, which it did not take.
_REFUSED_CLIENT = ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE", "ACCESS_DENIED")


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


def tls_failure(settings: Settings, error: BaseException) -> Failure:
    """Return what an error of the `ssl` module means. But for those of the handshake, the request may have been done."""
    reason = str(getattr(error, "reason", None) or "")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(
            f"{settings.origin} has a certificate that is not trusted (see verify and ca_bundle)", sent=False
        )
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return Failure(f"{settings.origin} speaks no TLS: is it an http address, or the port another?", sent=False)
    if "_ALERT_" in reason and any(word in reason for word in _REFUSED_CLIENT):
        return Failure(f"{settings.origin} asks for a client certificate, or refuses this one (see cert)", sent=False)
    if isinstance(error, ssl.SSLEOFError):
        return Failure(
            f"{settings.origin} broke off the TLS connection: does it ask for a client certificate (see cert)?",
            sent=True,
        )
    return Failure(f"TLS with {settings.origin} failed ({reason or type(error).__name__})", sent=True)


def unreadable(settings: Settings) -> str:
    """Say that a file of certificates cannot be read, by where its path comes from; the path itself is not shown."""
    of_environment = settings.verify is True and isinstance(trusted(settings), str)
    authorities = "the environment's REQUESTS_CA_BUNDLE" if of_environment else "the connection's ca_bundle"
    return f"{authorities} or the connection's cert cannot be read"


def proxies(settings: Settings) -> dict[str, str]:
    """Return the proxy as requests takes it."""
    found = proxy(settings)
    return {urlsplit(settings.base_url).scheme: found} if found else {}
