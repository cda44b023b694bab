"""The store's address: one URL made of a connection's host, schema and port, and of what people copy along with them.

A refusal is by field, and never repeats what stands before an `@`. Standard library only.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import urlsplit

from oro_provider.connection_values import UrlPath

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST_LABEL = re.compile(r"[a-z0-9_-]{1,63}")  # with `_`, which the names of containers have
_BRACKETED = re.compile(r"\[[^\[\]]+\](:[0-9]*)?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
PATH_DEFAULTS = {"admin_prefix": "admin", "api_path": "api", "token_path": "oauth2-token"}


class Refuse(Protocol):
    """Raises the refusal of a field."""

    def __call__(self, name: str, problem: str) -> NoReturn: ...


def base_url(values: Mapping[str, Any], refuse: Refuse) -> str:
    """Return the store's address, from host, schema and port: scheme, host in small letters, port unless usual, path."""
    if "host" not in values:
        refuse("host", "must hold the store's address, such as https://shop.example.com")
    scheme, separator, rest = values["host"].rpartition("://")
    scheme = scheme.lower() or values.get("schema", "https")
    if scheme not in _DEFAULT_PORTS:
        refuse("host", "must start with https:// (or http:// for this machine)")
    if separator and values.get("schema", scheme) != scheme:
        refuse("schema", f"must be empty or {scheme!r}, as in the host")
    if "@" in rest:
        refuse("host", "must not hold credentials: they go into the login and password fields")
    if "?" in rest or "#" in rest:
        refuse("host", "must be an address without a query or a fragment")
    address = _split_address(rest)
    if address is None:
        refuse("host", "must be an address such as https://shop.example.com (other alphabets in their xn-- form)")
    hostname, port, path = address
    if port and values.get("port", port) != port:
        refuse("port", f"must be empty or {port}, as in the host")
    if scheme == "http" and not values.get("allow_http", False) and not _is_loopback(hostname):
        refuse(
            "host", "must be https, since the client secret goes there; extra 'allow_http' allows http if it must be"
        )
    port = port or values.get("port")
    netloc = f"[{hostname}]" if ":" in hostname else hostname
    # The usual port goes, so that the store's own links, which do not carry it, have the same origin.
    origin = f"{scheme}://{netloc}" if port in {None, _DEFAULT_PORTS[scheme]} else f"{scheme}://{netloc}:{port}"
    if (store_path := _store_path(path, values)) != path:
        alone = "/".join(filter(None, [origin, store_path]))
        hint = "what follows it comes from the extras 'admin_prefix', 'api_path' and 'token_path'"
        refuse("host", f"must be the address of the store alone, {alone}: {hint}")
    return "/".join(filter(None, [origin, path]))


def _split_address(address: str) -> tuple[str, int | None, str] | None:
    """Host, port and path of an address without its scheme, or None where it is not one."""
    try:
        # Airflow takes the brackets off an IPv6 address when it reads a connection's URI.
        parts = urlsplit(f"//[{address}]" if _is_ipv6(address) else f"//{address}")
        hostname, port, path = parts.hostname or "", parts.port, UrlPath(may_be_empty=True).read(parts.path)
    except ValueError:  # a refused path is one as well
        return None
    # `urlsplit` of Python 3.10 to 3.12 leaves out what stands around the brackets.
    if "[" in parts.netloc and not (_BRACKETED.fullmatch(parts.netloc) and _is_ipv6(hostname)):
        return None
    return (hostname, port, path) if _is_hostname(hostname) and port != 0 else None


def _store_path(path: str, values: Mapping[str, Any]) -> str:
    """The path without what people copy along: the back office's, the API's and the token endpoint's."""
    segments = path.split("/")
    for names in (values, {}):
        admin, api, token = (
            [part for part in names.get(name, PATH_DEFAULTS[name]).split("/") if part] for name in PATH_DEFAULTS
        )
        for start in range(len(segments)):
            rest = segments[start:]
            if rest in (admin, api) or any(rest[: len(part)] == part for part in (admin + api, token)):
                return "/".join(segments[:start])
    return path


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def _is_hostname(text: str) -> bool:
    # `%` starts a zone, which means nothing to another machine.
    if _is_ipv6(text):
        return "%" not in text
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels) and text not in _DEFAULT_PORTS


def _is_loopback(hostname: str) -> bool:
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return hostname == "localhost"
