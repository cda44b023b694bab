"""How this store names what other versions name otherwise, asked of the store itself once.

A shipment tracking and an order's line have a to-one `order` before 6.1 and a to-many `orders` since; each version refuses the
other's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.api.errors import InvalidRequest
from oro_provider.api.query import Query
from oro_provider.entities.shapes import SHAPES

if TYPE_CHECKING:
    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.model import Described, Part, Reference


class Dialect:
    """The names of one store. `learn` an entity before asking about it."""

    def __init__(self, client: AsyncOroClient) -> None:
        self._client = client
        self._old: dict[str, bool] = {}

    async def learn(self, described: Described) -> None:
        """Ask the store which names it has for what this entity is about."""
        for reference in described.references.values():
            if reference.before_6_1 is not None:
                await self._probe(described.type, reference.relationship)
        for part in described.parts.values():
            if part.owner is not None and part.owner_before_6_1 is not None:
                await self._probe(part.type, part.owner)

    @property
    def surely_6_1(self) -> bool:
        """Whether a name was asked about that is there from 6.1 on, and is there."""
        return bool(self._old) and not any(self._old.values())

    async def _probe(self, type_: str, relationship: str) -> None:
        if type_ in self._old:
            return
        attribute = next(iter(SHAPES[type_].attributes))
        query = Query(filters={relationship: "0"}, fields={type_: [attribute]}, size=1)
        try:
            await self._client.perform(self._client.calls.page(type_, query))
        except InvalidRequest:
            self._old[type_] = True
        else:
            self._old[type_] = False

    def relationship(self, described: Described, reference: Reference) -> tuple[str, bool]:
        """Return this store's name of a relationship, and whether it is to many."""
        if reference.before_6_1 is not None and self._old.get(described.type):
            return reference.before_6_1, False
        return reference.relationship, reference.many

    def owner(self, part: Part) -> tuple[str | None, bool]:
        """Return this store's name of a part's relationship to its record, and whether it is to many."""
        if part.owner_before_6_1 is None:
            return part.owner, False
        return (part.owner_before_6_1, False) if self._old.get(part.type) else (part.owner, True)
