"""The kinds of value that a field of a connection can hold: how each is written, read, and described to a form.

JSON gives numbers, switches and objects; a URI and the form of Airflow 3.1 give the same as text, so every kind reads both.
A refusal says what is accepted and never repeats the value, which may be a secret. Standard library only.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

# Lone surrogates have no UTF-8 form, so they could never be sent.
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PATH_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # `token` of RFC 9110
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

# What the exchange with the store sets, decides by, or must be able to trust.
RESERVED_HEADERS = frozenset(
    {
        "accept",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-http-method-override",
        "x-include",
        "x-mode",
    }
)


class RefusedValueError(ValueError):
    """The value is not of its kind. The text completes a sentence that names the field: "must be ..."."""


class ValueKind(Protocol):
    """A kind of value: whether it may be shown, how a JSON schema describes it, and how it is read."""

    @property
    def secret(self) -> bool: ...

    def schema(self) -> dict[str, object]: ...

    def read(self, value: object) -> object: ...


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text. A secret keeps its outer spaces and is hidden in the form."""

    secret: bool = False

    def schema(self) -> dict[str, object]:
        return {"type": ["string", "null"], "format": "password"} if self.secret else {"type": ["string", "null"]}

    def read(self, value: object) -> str:
        value = _digits(value)
        if not isinstance(value, str) or _UNSENDABLE.search(value):
            raise RefusedValueError("must be text on one line, without control characters (in JSON: in quotes)")
        return value if self.secret else value.strip()


@dataclass(frozen=True, slots=True)
class Token:
    """Printable ASCII on one line, as part of an HTTP header."""

    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["string", "null"]}

    def read(self, value: object) -> str:
        value = _digits(value)
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(text := value.strip(" ")) or "\t" in text:
            raise RefusedValueError("must be printable ASCII text on one line")
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words. `hint` is about what else people come to write there."""

    options: tuple[str, ...]
    hint: str = ""
    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["string", "null"], "enum": list(self.options)}

    def read(self, value: object) -> str:
        if not isinstance(value, str) or value.strip() not in self.options:
            raise RefusedValueError(
                f"must be one of {', '.join(map(repr, self.options))}{self.hint and f' ({self.hint})'}"
            )
        return value.strip()


@dataclass(frozen=True, slots=True)
class Switch:
    """True or false, also as the words and digits that people write in a URI."""

    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["boolean", "null"]}

    def read(self, value: object) -> bool:
        if isinstance(value, (bool, int)) and value in {0, 1}:
            return bool(value)
        if isinstance(value, str) and (word := value.strip().lower()) in _WORDS:
            return _WORDS[word]
        raise RefusedValueError("must be true or false")


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole number between two bounds, both of them allowed."""

    minimum: int
    maximum: int
    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["integer", "null"], "minimum": self.minimum, "maximum": self.maximum}

    def read(self, value: object) -> int:
        number = _number(value)
        if number is None or number != int(number) or not self.minimum <= number <= self.maximum:
            raise RefusedValueError(f"must be a whole number from {self.minimum} to {self.maximum}")
        return int(number)


@dataclass(frozen=True, slots=True)
class PositiveNumber:
    """A number above zero, at most `maximum`; `unit` is a word for the message."""

    maximum: int
    unit: str
    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": self.maximum}

    def read(self, value: object) -> float:
        number = _number(value)
        if number is None or not 0 < number <= self.maximum:
            raise RefusedValueError(f"must be a number of {self.unit} above 0 and at most {self.maximum}")
        return float(number)


@dataclass(frozen=True, slots=True)
class UrlPath:
    """A part of a URL's path, read without the slashes at its ends; `/` alone is the empty path, where that is allowed."""

    may_be_empty: bool = False
    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["string", "null"]}

    def read(self, value: object) -> str:
        value = _digits(value)
        path = value.strip().strip("/") if isinstance(value, str) else ".."
        if not path and self.may_be_empty:
            return ""
        if any(segment in {".", ".."} or not _PATH_SEGMENT.fullmatch(segment) for segment in path.split("/")):
            example = "'admin', or '/' for none" if self.may_be_empty else "'api'"
            raise RefusedValueError(f"must be a plain path such as {example}: no scheme, no host, no '..', no query")
        return path


@dataclass(frozen=True, slots=True)
class FilePath:
    """The absolute path of a file that is there. A driver's own complaint would not name the file, so it is looked for here."""

    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["string", "null"]}

    def read(self, value: object) -> str:
        if not isinstance(value, str) or not (path := Path(value.strip())).is_absolute() or not _is_file(path):
            raise RefusedValueError("must be the absolute path of a file that this process can see")
        return str(path)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A PEM file that holds key and certificate, or a pair of files."""

    secret: ClassVar[bool] = False

    def schema(self) -> dict[str, object]:
        return {"type": ["string", "null"]}

    def read(self, value: object) -> str | tuple[str, str]:
        if isinstance(value, str) and value.strip().startswith("["):
            value = _json(value)
        try:
            if isinstance(value, (list, tuple)) and len(value) == 2:
                return FilePath().read(value[0]), FilePath().read(value[1])
            return FilePath().read(value)
        except RefusedValueError:
            raise RefusedValueError(
                "must be the absolute path of a PEM file, or a JSON list of two, [certificate, key], "
                "each of which this process can see"
            ) from None


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxy URLs by the scheme of what goes through them. A URL may carry the proxy's password, so none is ever shown."""

    secret: ClassVar[bool] = True

    def schema(self) -> dict[str, object]:
        return {"type": ["object", "null"]}

    def read(self, value: object) -> dict[str, str]:
        proxies = _mapping(value)
        if proxies is None or not proxies.keys() <= {"http", "https"}:
            raise RefusedValueError('must be a JSON object of "http" and "https" to a proxy URL')
        return {scheme: self._proxy(scheme, url) for scheme, url in proxies.items()}

    @staticmethod
    def _proxy(scheme: str, value: object) -> str:
        url = value.strip() if isinstance(value, str) else ""
        try:
            parts = urlsplit(url)
            sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and parts.path in {"", "/"}
        except ValueError:
            sound = False
        if not sound or "?" in url or "#" in url or re.search(r"\s", url) or _UNSENDABLE.search(url):
            raise RefusedValueError(f"must hold under {scheme!r} a URL like http://proxy.example.com:3128")
        return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers to add to every request, for a gateway in front of the store. Their values may be keys, so none is ever shown."""

    secret: ClassVar[bool] = True

    def schema(self) -> dict[str, object]:
        return {"type": ["object", "null"]}

    def read(self, value: object) -> dict[str, str]:
        headers = _mapping(value)
        if headers is None:
            raise RefusedValueError("must be a JSON object of header names and values")
        seen: set[str] = set()
        for name, content in headers.items():
            if not _HEADER_NAME.fullmatch(name):
                raise RefusedValueError("must have names made of letters, digits and '-' only")
            if name.lower() in RESERVED_HEADERS:
                raise RefusedValueError(f"must not set {name!r}, which the provider sets itself")
            if name.lower() in seen:
                raise RefusedValueError(f"must not set {name!r} twice (case does not matter)")
            if not isinstance(content, str) or not _HEADER_VALUE.fullmatch(content):
                raise RefusedValueError(
                    f"must hold under {name!r} printable ASCII text on one line, without spaces at its ends"
                )
            seen.add(name.lower())
        return {name: str(content) for name, content in headers.items()}


def _digits(value: object) -> object:
    """The text that a whole number was: Airflow's database model turns the digits of a URI's extra into a number.

    A float or a switch stays what it is, since what was written cannot be told from it any more (`1.50` and `1.5`).
    """
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40
    return str(value) if whole else value


def _number(value: object) -> int | float | None:
    """The finite number that is meant, or None."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", text := value.strip()):
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _json(text: str) -> object:
    """What the JSON text says, or None where it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _mapping(value: object) -> dict[str, object] | None:
    """A mapping with names as keys, given as it is or as JSON text, or None."""
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        return None
    return dict(value)


def _is_file(path: Path) -> bool:
    # A name that is too long, holds a NUL or lies in a folder that may not be read raises instead of saying no (Python 3.10 to 3.13).
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
