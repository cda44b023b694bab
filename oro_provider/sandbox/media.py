"""Media types: which requests are JSON:API, which fall into the plain-JSON mode, and which are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.sandbox.exchange import JSONAPI

if TYPE_CHECKING:
    from oro_provider.sandbox.exchange import Request

_ANY = frozenset({"*/*", "application/*", "application/json"})


class MediaTypeError(Exception):
    """A 406 or 415, whose body is a bare array in plain JSON."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = "unsupported media type http exception" if status == 415 else "not acceptable http exception"


def is_jsonapi(request: Request) -> bool:
    """Whether a request is JSON:API; False is the plain mode, a MediaTypeError neither."""
    accepted = [part.strip() for part in request.header("accept").split(",") if part.strip()]
    kind, _, parameters = request.header("content-type").partition(";")
    sent = kind.strip()
    types = [_split(part) for part in accepted]
    exact = any(name == JSONAPI and not rest for name, rest in types)
    if not exact and any(name == JSONAPI for name, _ in types):
        detail = 'The "Accept" request header should contains at least one instance of JSON:API media type without any parameters.'
        raise MediaTypeError(406, detail)
    loose = not accepted or any(name in _ANY for name, _ in types)
    if exact or (loose and sent == JSONAPI):
        if sent == JSONAPI and parameters:
            detail = 'The "Content-Type" request header should contain JSON:API media type without any parameters.'
            raise MediaTypeError(415, detail)
        return True
    if sent == JSONAPI:
        raise MediaTypeError(406, 'The "Accept" request header does not accept JSON:API content type.')
    if not loose:
        raise MediaTypeError(406, "Only JSON representation of the requested resource is supported.")
    if sent and sent != "application/json" and request.method in {"POST", "PATCH"}:
        detail = 'The "Content-Type" request header must be "application/json" if specified.'
        raise MediaTypeError(406, detail)
    return False


def _split(part: str) -> tuple[str, list[str]]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    return name, [one for one in parameters if not one.startswith("q=")]
