"""Whether a store has records that match: what the sensor for any entity looks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from oro_provider.api.query import FilterValue, Query, filtered_names
from oro_provider.entities import paging_order
from oro_provider.extract.spec import check_filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oro_provider.api.async_client import AsyncOroClient


class FoundRecords(TypedDict):
    """Records that were found, as plain JSON; `truncated` where there are more than `ids` lists."""

    entity: str
    count: int
    ids: list[str]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """Records of a resource to look for: those that match `filters`, of which `min_records` make a find."""

    resource: str
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    min_records: int = 1
    max_ids: int = 1000

    def to_json(self) -> dict[str, Any]:
        """Return it as a trigger is stored."""
        return {
            "resource": self.resource,
            "filters": dict(self.filters),
            "min_records": self.min_records,
            "max_ids": self.max_ids,
        }


async def find(client: AsyncOroClient, wanted: Matching) -> FoundRecords | None:
    """Return the records that match where they are enough, else None. A look that sees none is one small request.

    Raise `ValueError` for a filter that a store would answer wrongly in silence.
    """
    for path, value in wanted.filters.items():
        check_filter(wanted.resource, path, value)
    enough = max(wanted.min_records, 1)
    if len(await _ids(client, wanted, enough, size=enough)) < enough:
        return None
    ids = await _ids(client, wanted, wanted.max_ids + 1, size=min(wanted.max_ids + 1, 1000))
    if len(ids) < wanted.min_records:
        return None
    kept = ids[: wanted.max_ids]
    return FoundRecords(entity=wanted.resource, count=len(kept), ids=kept, truncated=len(ids) > len(kept))


async def _ids(client: AsyncOroClient, wanted: Matching, most: int, *, size: int) -> list[str]:
    """Return the ids of the records that match, page after page until there are at least so many.

    A page may be short and not the last: of a filter over a to-many relation, of a search, and where a store limits pages.
    """
    fields = filtered_names(wanted.filters) or ["id"]
    query = Query(filters=wanted.filters, fields={wanted.resource: fields}, size=size)
    ids: list[str] = []
    order = paging_order(wanted.resource)
    async for page in client.pages(wanted.resource, query, order=order, until_empty=bool(wanted.filters)):
        ids.extend(record.id for record in page.resources)
        if len(ids) >= most:
            break
    return ids
