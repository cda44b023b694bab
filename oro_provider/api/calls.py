"""The calls that the API offers, as values: a request and how to read its answer. Both drivers perform them.

Accept and Content-Type are sent exactly and always: without Accept a store speaks another dialect, with a charset
parameter it answers 415 (5.1 to 7.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar
from urllib.parse import parse_qsl, quote

from oro_provider.api.documents import (
    MEDIA_TYPE,
    Page,
    Resource,
    count_of,
    decode,
    encode,
    read_included,
    read_one,
    read_page,
)
from oro_provider.api.exchange import Request, Response
from oro_provider.api.query import LONGEST_QUERY, Query, filter_value, override_body
from oro_provider.api.raw import RawPage, read_raw_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from oro_provider.api.documents import JsonObject, Ref
    from oro_provider.api.query import FilterValue
    from oro_provider.api.settings import Settings

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """A request, and the function that reads its successful answer."""

    request: Request
    read: Callable[[Response], T_co]


@dataclass(frozen=True, slots=True)
class Record:
    """A single resource and what came with it. `included` of a write holds what was made along with it."""

    resource: Resource
    included: Mapping[Ref, Resource]


class Selection:
    """Pages of a list by the ids of what is in them. All of a request but the ids is written once: a reader makes thousands."""

    def __init__(self, calls: Calls, type_: str, query: Query) -> None:
        self._calls, self._type, self._query = calls, type_, query
        self._headers = calls.raw_page(type_, Query()).request.headers
        self._url = f"{calls.url(type_)}?{query.url_query()}"
        self._longest = len(calls.url(type_)) + LONGEST_QUERY

    def page(self, ids: FilterValue, size: int, *, divisible: bool = False) -> Call[RawPage]:
        """Return the call for these ids, `size` of them at most."""
        url = f"{self._url}&filter[id]={quote(filter_value(ids), safe=',.:')}&page[size]={size}"
        if len(url) > self._longest:
            query = self._query.filtered({"id": ids}).where(size=size)
            return self._calls.raw_page(self._type, query, divisible=divisible)
        return Call(Request("GET", url, self._headers, repeatable=True, divisible=divisible), read_raw_page)


@dataclass(frozen=True, slots=True)
class Calls:
    """Builds the calls to one store."""

    settings: Settings

    def get(self, type_: str, id_: str, query: Query | None = None) -> Call[Record]:
        """Read one record: `GET /orders/7`."""
        return Call(self._request("GET", self.url(type_, id_, query=query), repeatable=True), _read_record)

    def page(self, type_: str, query: Query, *, total: bool = False) -> Call[Page]:
        """Read one page of a list, by POST with a method override where the query is long.

        `type_` may be a path below a record (`orders/7/lineItems`). `total` asks for the number of records that match, which
        costs the store a query of its own and is a 500 on sub-resources of 5.1.
        """
        return self.page_as(read_page, type_, query, total=total)

    def raw_page(self, type_: str, query: Query, *, total: bool = False, divisible: bool = False) -> Call[RawPage]:
        """As `page`, but its resource objects stay bytes. `divisible`: the caller asks for less after a time-out."""
        return self.page_as(read_raw_page, type_, query, total=total, divisible=divisible)

    def page_as(
        self,
        read: Callable[[Response], T],
        type_: str,
        query: Query,
        *,
        total: bool = False,
        divisible: bool = False,
    ) -> Call[T]:
        """As `raw_page`, read by a function of the caller's."""
        headers = {"X-Include": "noHateoas;totalCount" if total else "noHateoas"}
        url = self.url(*type_.split("/"))
        text = query.url_query()
        method, body = "GET", None
        if len(text) > LONGEST_QUERY:
            headers["X-HTTP-Method-Override"] = "GET"
            method, body = "POST", query.body()
        elif text:
            url = f"{url}?{text}"
        return Call(self._request(method, url, body, headers=headers, repeatable=True, divisible=divisible), read)

    def create(
        self,
        data: JsonObject,
        included: Iterable[JsonObject] = (),
        query: Query | None = None,
        *,
        repeatable: bool = False,
    ) -> Call[Record]:
        """Create a record from its resource object. `repeatable` only where the store itself refuses a second one."""
        body = encode(data, included)
        request = self._request("POST", self.url(data["type"], query=query), body, repeatable=repeatable)
        return Call(request, _read_record)

    def update(self, data: JsonObject, included: Iterable[JsonObject] = (), query: Query | None = None) -> Call[Record]:
        """Change a record to what its resource object says; attributes that it does not name stay."""
        url = self.url(data["type"], data["id"], query=query)
        return Call(self._request("PATCH", url, encode(data, included), repeatable=True), _read_record)

    def delete(self, type_: str, id_: str) -> Call[None]:
        """Delete a record."""
        return Call(self._request("DELETE", self.url(type_, id_), repeatable=True), _read_nothing)

    def batch(
        self,
        type_: str,
        data: list[JsonObject],
        included: Iterable[JsonObject] = (),
        *,
        mode: Literal["sync"] | None = "sync",
    ) -> Call[Response]:
        """Create and update several records at once.

        `sync`: wait for the result where the store can (`X-Mode: sync`). The answer is 200 with the records, or 202 with an
        operation to watch: from stores before 6.0.4, which ignore the header, and where the store did not finish within its
        25 s. None: the answer is 202 with an operation.
        """
        headers = {"X-Mode": mode} if mode else {}
        body = encode(data, included)
        # An empty batch does nothing, however often it is sent.
        return Call(self._request("PATCH", self.url(type_), body, headers=headers, repeatable=not data), _as_it_is)

    def delete_list(self, type_: str, query: Query) -> Call[int]:
        """Delete the records that match the filters, 100 at most in one call; return how many were deleted."""
        headers = {"X-Include": "deletedCount"}
        request = self._request("DELETE", self.url(type_), query.body(), headers=headers, repeatable=True)
        return Call(request, _read_deleted)

    def related(self, type_: str, id_: str, relationship: str, query: Query | None = None) -> Call[Response]:
        """Read what a relationship leads to: `GET /products/7/unitPrecisions`."""
        url = self.url(type_, id_, relationship, query=query)
        return Call(self._request("GET", url, repeatable=True), _as_it_is)

    def any(self, method: str, path: str, query: Query | None = None, body: bytes | None = None) -> Call[Response]:
        """Make any call below the API: `orders/7`, `orders?include=lineItems`. A write is repeated only where the store surely did
        not do it. A reading that is too long for a URL goes by POST with a method override."""
        path, _, asked = path.partition("?")
        plain = self.url(*path.strip("/").split("/"))
        if method == "GET" and query is not None and len(asked) + len(query.url_query()) > LONGEST_QUERY:
            long = override_body({**dict(parse_qsl(asked, keep_blank_values=True)), **query.params()})
            headers = {"X-HTTP-Method-Override": "GET"}
            return Call(self._request("POST", plain, long, headers=headers, repeatable=True), _as_it_is)
        url = self.url(*path.strip("/").split("/"), query=query)
        if asked:
            url = f"{url}{'&' if '?' in url else '?'}{quote(asked, safe='%[]=&,.:+')}"
        return Call(self._request(method, url, body, repeatable=method == "GET"), _as_it_is)

    def url(self, *segments: str, query: Query | None = None) -> str:
        """Return the address below the API of these path segments; an id is one segment whatever it holds."""
        for segment in segments:
            if segment in {"", ".", ".."}:
                raise ValueError(f"{segment!r} is no id or resource of an OroCommerce store")
        path = "/".join(quote(segment, safe="") for segment in segments)
        text = query.url_query() if query else ""
        return f"{self.settings.api_url}/{path}{f'?{text}' if text else ''}"

    def _request(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        divisible: bool = False,
    ) -> Request:
        sent = {
            **self.settings.extra_headers,
            "Accept": MEDIA_TYPE,
            "User-Agent": self.settings.user_agent,
            **({"Content-Type": MEDIA_TYPE} if body is not None else {}),
            **(headers or {}),
        }
        return Request(method, url, sent, body, repeatable, divisible=divisible)


def _read_record(response: Response) -> Record:
    document = decode(response)
    return Record(read_one(document), read_included(document))


def _read_nothing(response: Response) -> None:
    return None


def _read_deleted(response: Response) -> int:
    return count_of(response, "x-include-deleted-count") or 0


def _as_it_is(response: Response) -> Response:
    return response
