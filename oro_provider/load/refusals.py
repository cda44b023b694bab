"""What a store's refusal of a row means: a reason in its words at the row's field, or a record that is there already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oro_provider.api.query import Query
from oro_provider.load.batches import row_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.errors import ErrorObject
    from oro_provider.load.journal import Carried
    from oro_provider.load.outcome import Chunk
    from oro_provider.load.plan import Action, Planner
    from oro_provider.load.rows import Reject, Row

_UNIQUE = re.compile(r"unique .*constraint|already exists")


class Refusals:
    """Enters refused rows of one load."""

    def __init__(self, client: AsyncOroClient, planner: Planner) -> None:
        self._client = client
        self._planner = planner
        self._entity = planner.entity
        self._spellings: dict[str, tuple[str, str]] | None = None

    async def refuse(
        self,
        row: Row,
        carried: Carried,
        errors: Sequence[ErrorObject],
        before: int,
        action: Action | None,
        chunk: Chunk,
    ) -> bool:
        """Enter a refused row, or return True where it has to be planned again: another one made its record meanwhile.

        `before`: how many included records stood before this row's in the request.
        """
        taken = [error for error in errors if error.status == 409 or _UNIQUE.search(f"{error.title} {error.detail}")]
        if carried.verb == "create" and taken:
            other = await self.in_another_case(row)
            if other is not None:
                chunk.reject(other)
                return False
            plan = await self._planner.look([row])
            if plan.actions and plan.actions[0].verb != "create":
                return True
        reason = "; ".join(f"{error.title}: {error.detail}" if error.detail else error.title for error in errors)
        pointer = errors[0].pointer
        included = action.included if action is not None else ()
        field = row_field(self._entity, row.values, _own_pointer(pointer, before), included)
        chunk.reject(row.rejected(reason, field, pointer))
        return False

    async def in_another_case(self, row: Row) -> Reject | None:
        """Return the refusal of a row whose key the store has in another case, which its filter does not find but its unique key does.

        No filter ignores case and a search is late, so the keys of all records are read, once for a load.
        """
        entity = self._entity
        if not entity.key_folded or entity.find is None or entity.find.by != "filter":
            return None
        name = entity.find.field
        attribute = entity.attribute(name)
        given = str(row.fields.attributes.get(attribute, "")).strip()
        if self._spellings is None:
            self._spellings = {}
            query = Query(fields={entity.type: [attribute]}, size=5000)
            async for page in self._client.pages(entity.type, query):
                for record in page.resources:
                    spelled = record.text(attribute)
                    self._spellings[spelled.casefold()] = (spelled, record.id)
        spelled, id_ = self._spellings.get(given.casefold(), (given, ""))
        if spelled == given:
            return None
        return row.rejected(f"is {spelled!r} in the store (id {id_}), which takes the two for the same", name)


def _own_pointer(pointer: str | None, before: int) -> str | None:
    """Return a pointer into a batch's included records as one into the row's own."""
    match = re.match(r"/included/(\d+)(.*)", pointer or "")
    return f"/included/{int(match[1]) - before}{match[2]}" if match else pointer
