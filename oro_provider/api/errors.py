"""What can go wrong with a store, as a tree of exceptions, and the one function that turns an answer into one of them.

Each carries what was asked, what the store said (status, title, detail, pointer) and the cure where the cause is a usual one.
`permanent` says whether trying again can help; whoever runs the call decides what to do with that.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from oro_provider.api.exchange import Request, Response

# What msgspec raises for bytes that are no JSON: invalid UTF-8 within a text is no `DecodeError`, and neither is endless nesting.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

LONGEST_SAYING = 1000  # of one member of one error; a message has at most five of them

MAINTENANCE_CURE = "The store is in maintenance mode; it answers again when that ends."
API_OFF_CURE = (
    "Either the store's web API is switched off (it is by default: `oro:config:update oro_api.web_api 1`), or the "
    "connection's admin_prefix or api_path is not this store's."
)

GATEWAY_CURE = (
    "That is something in front of the store, which asks for a login of its own or refuses this machine: let it through there by its "
    "address, or by a header in extra_headers."
)


@dataclass(frozen=True, slots=True)
class ErrorObject:
    """One member of a document's `errors`: title and detail in the store's words, and where it points.

    `pointer` is a JSON pointer into the request's body (`/data/attributes/sku`), `parameter` a name in its query.
    """

    status: int
    title: str
    detail: str = ""
    pointer: str | None = None
    parameter: str | None = None

    def __str__(self) -> str:
        said = f"{self.title}: {self.detail}" if self.detail else self.title
        where = self.pointer or self.parameter
        return f"{said} (at {where})" if where else said


class OroCommerceError(Exception):
    """Something went wrong between us and the store.

    `permanent`: the same call will fail again until a person changes something. `retry_after`: seconds that the store asked
    to wait. `status`: the HTTP status, or None when no answer came. `errors`: the store's error objects.
    """

    permanent = True

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        errors: Sequence[ErrorObject] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors = tuple(errors)
        self.retry_after = retry_after


class ConnectionFailed(OroCommerceError):
    """No answer came, and the request surely did nothing: the host is unknown, unreachable or not trusted."""

    permanent = False


class TimedOut(ConnectionFailed):
    """The store did not answer a reading in time: what was asked may be too much at once."""


class OutcomeUnknown(OroCommerceError):
    """The answer to a write was lost: the store may have done it, or may do it yet. Look before sending it again."""

    permanent = False


class AuthenticationFailed(OroCommerceError):
    """The store gives no token for these credentials, or refuses a token that it gave just now."""


class PermissionDenied(OroCommerceError):
    """403: the application's user may not do this, or the record is closed to changes."""


class NotFound(OroCommerceError):
    """404 of a record or a resource that this store does not have."""


class ApiUnavailable(OroCommerceError):
    """404 of everything: the web API is switched off or lies elsewhere."""


class InvalidRequest(OroCommerceError):
    """400, 405, 406, 409, 414, 415: the store does not accept what was asked; `errors` say why."""


class Conflict(InvalidRequest):
    """409: the record exists already, or type and id do not fit the address."""


class RateLimited(OroCommerceError):
    """429: something in front of the store asks us to slow down; `retry_after` says for how long."""

    permanent = False


class Maintenance(OroCommerceError):
    """The store is closed for maintenance: API calls get 415 with an HTML page, the token endpoint 503."""

    permanent = False


class ServerError(OroCommerceError):
    """5xx: the store or a gateway before it failed."""

    permanent = False


class UnexpectedAnswer(OroCommerceError):
    """An answer that no OroCommerce gives: HTML, a redirect, a truncated or foreign document."""


class Incomplete(OroCommerceError):
    """The store did not give everything that it says it has; nothing that was read is published."""

    permanent = False


class TruncatedAnswer(UnexpectedAnswer):
    """The answer broke off; reading it again may help."""

    permanent = False


def error_objects(body: bytes) -> tuple[ErrorObject, ...]:
    """Return the error objects of a body; none when it holds none.

    406, 415 and a switched-off API answer with a bare array instead of `{"errors": [...]}`, and the status of the errors of
    an asynchronous operation is a number where others have a string (5.1 to 7.0).
    """
    try:
        document: Any = msgspec.json.decode(body)
    except UNREADABLE:
        return ()
    found = document.get("errors") if isinstance(document, dict) else document
    if not isinstance(found, list):
        return ()
    return tuple(error_object(item) for item in found if isinstance(item, dict))


def error_object(item: Mapping[str, Any]) -> ErrorObject:
    """Return an error as a value; of an asynchronous operation it is the attributes of a resource."""
    source = item.get("source")
    source = source if isinstance(source, dict) else {}
    status = plain(item.get("status"))
    return ErrorObject(
        status=int(status) if status.isascii() and status.isdigit() and len(status) <= 3 else 0,
        title=plain(item.get("title")) or "error",
        detail=plain(item.get("detail")),
        pointer=plain(source.get("pointer")) or None,
        parameter=plain(source.get("parameter")) or None,
    )


def error_for(request: Request, response: Response) -> OroCommerceError:
    """Return the error that this answer to this request stands for. The answer's status is not a success."""
    status = response.status
    errors = error_objects(response.body)
    asked = f"{request.method} {request.path}"
    said = "; ".join(str(error) for error in errors[:5]) + (f"; and {len(errors) - 5} more" if len(errors) > 5 else "")

    def make(kind: type[OroCommerceError], cure: str = "", retry_after: float | None = None) -> OroCommerceError:
        message = " ".join(
            part
            for part in (f"{asked} answered {status}.", said and f"The store said: {said.removesuffix('.')}.", cure)
            if part
        )
        return kind(message, status=status, errors=errors, retry_after=retry_after)

    if response.is_gateways:
        return make(AuthenticationFailed if status == 401 else PermissionDenied, GATEWAY_CURE)
    if status == 401:
        # Empty body, whatever the reason (5.1 to 7.0).
        return make(
            AuthenticationFailed, "A token that the store gave just now was refused: is the application's user enabled?"
        )
    if status == 403:
        return make(
            PermissionDenied,
            "Give the role of the OAuth application's owner the permission; a closed or cancelled order takes no changes.",
        )
    if status == 404:
        return make(*_not_found(errors))
    if status == 415 and response.is_html:
        # 6.1: maintenance answers API calls with 415 and an HTML page, not with 503.
        return make(Maintenance, MAINTENANCE_CURE)
    if status == 429:
        return make(RateLimited, "Lower the connection's max_connections or requests_per_second.", response.retry_after)
    if status >= 500:
        return make(ServerError, "", response.retry_after)
    if 300 <= status < 400:
        return make(
            UnexpectedAnswer,
            f"It points to {response.redirect_origin}: set the connection's host to the store's own address.",
        )
    if status == 409:
        return make(Conflict)
    return make(InvalidRequest)


def _not_found(errors: Iterable[ErrorObject]) -> tuple[type[OroCommerceError], str]:
    # A missing record says "An entity with the requested identifier does not exist.", an unknown or closed resource has
    # its own titles; a switched-off API says "not found http exception" without a detail, and a wrong prefix gives HTML.
    if any(error.detail or error.title != "not found http exception" for error in errors):
        return NotFound, ""
    return ApiUnavailable, API_OFF_CURE


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what cannot be read of the store's own bytes into `UnexpectedAnswer`; `what` names the records."""
    try:
        yield
    except UNREADABLE as error:
        # msgspec's texts name types and places, and no values.
        why = "it is nested too deep" if isinstance(error, RecursionError) else plain(str(error))
        raise UnexpectedAnswer(f"The store answered {what} that cannot be read: {why}.") from None


def plain(value: object) -> str:
    """Return what a store said as one line of bounded length; "" for what is no text."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    text = "".join(char if char.isprintable() else " " for char in str(value)[: 2 * LONGEST_SAYING])
    return text if len(text) <= LONGEST_SAYING else f"{text[: LONGEST_SAYING - 3]}..."


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without any of these secrets, for a store that repeats what it was sent."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text
