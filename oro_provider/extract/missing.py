"""Records that the index named and their page lacked: changed since, deleted, or lost. Lost ones fail the extract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.api.errors import Incomplete, InvalidRequest
from oro_provider.api.paging import refuses_size
from oro_provider.api.query import FilterValue, Query
from oro_provider.extract.spans import ids_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.extract.spec import Extract

CHUNK = 500


class Missing:
    """Counts what became of records: `moved` are no longer what was asked for, `deleted` are no longer there."""

    def __init__(self, client: AsyncOroClient, spec: Extract, moved: int = 0, deleted: int = 0) -> None:
        self.moved = moved
        self.deleted = deleted
        self._client = client
        self._spec = spec
        self._pending: list[str] = []
        self._scope: Mapping[str, FilterValue] = {}

    async def add(self, ids: Sequence[str], scope: Mapping[str, FilterValue]) -> None:
        """Take note of missing ids, looking them up when there are many; `scope` as `PageRows` has it."""
        if not ids:
            return
        if scope != self._scope:
            await self.settle()
            self._scope = scope
        self._pending.extend(ids)
        if len(self._pending) >= CHUNK:
            await self.settle()

    async def settle(self) -> None:
        """Look up all that is pending; raise `Incomplete` for a record that should have been in its page."""
        while self._pending:
            ids, self._pending = self._pending[:CHUNK], self._pending[CHUNK:]
            await self._look_up(ids)

    async def gone(self, ids: Sequence[str]) -> list[str]:
        """Look up and count ids that the index lacks; return those that are no longer there, whatever the filters."""
        found: list[str] = []
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            there = await self._look_up(chunk)
            found += [id_ for id_ in chunk if id_ not in there]
        return found

    async def _look_up(self, ids: Sequence[str]) -> set[str]:
        """Count these ids, at most `CHUNK`, and return those that are there."""
        inside = await self._known(ids, {**self._spec.single})
        if inside:
            raise Incomplete(
                f"The store left {len(inside)} {self._spec.type} out of its pages that are still what was asked for: "
                f"ids {', '.join([id_ for id_ in ids if id_ in inside][:5])}. Nothing is published."
            )
        there = await self._known(ids, {})
        self.moved += len(there)
        self.deleted += len(ids) - len(there)
        return there

    async def _known(self, ids: Sequence[str], where: Mapping[str, FilterValue]) -> set[str]:
        if self._spec.keyset is not None:
            return await ids_of(self._client, self._spec, {**where, **self._scope}) & set(ids)
        query = Query(
            filters={**where, **self._scope, "id": list(ids)},
            fields=self._spec.index.fields,
            sort=("id",),
            size=len(ids),
        )
        try:
            page = await self._client.perform(self._client.calls.page(self._spec.type, query))
        except InvalidRequest as error:
            if len(ids) == 1 or not refuses_size(error):
                raise
            middle = len(ids) // 2
            return await self._known(ids[:middle], where) | await self._known(ids[middle:], where)
        return {resource.id for resource in page.resources}
