"""What the store deletes along with parts that are taken away, counted in bulk before it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from oro_provider.api.query import Query
from oro_provider.entities import paging_order
from oro_provider.load.lookups import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oro_provider.api.bulk import Bulk
    from oro_provider.api.documents import Ref, Resource
    from oro_provider.entities.model import Loss, Part
    from oro_provider.load.lookups import Resolver
    from oro_provider.load.plan import Action

# Owners a request.
OWNERS = 1000


@dataclass(frozen=True, slots=True)
class Removed:
    """A part that is taken away, and the id of the record that it belongs to."""

    part: Part
    owner: str
    record: Resource

    @property
    def named(self) -> str:
        """The id of what tells it from the record's other parts: the unit of a product's unit."""
        assert self.part.loses is not None  # noqa: S101 - asked only of parts that lose something
        target = self.record.one(self.part.references[self.part.loses.named].relationship)
        return target.id if target is not None else ""


async def count_losses(bulk: Bulk, resolver: Resolver, removed: Iterable[Removed]) -> dict[Ref, int]:
    """Return how many records go along with each of these parts."""
    by_loss: dict[Loss, list[Removed]] = {}
    for one in removed:
        if one.part.loses is not None:
            by_loss.setdefault(one.part.loses, []).append(one)
    counts: dict[Ref, int] = {}
    for loss, ones in by_loss.items():
        found = await _count(bulk, resolver, loss, list(dict.fromkeys(one.owner for one in ones)))
        counts |= {one.record.ref: found.get((one.owner, one.named), 0) for one in ones}
    return counts


async def _count(bulk: Bulk, resolver: Resolver, loss: Loss, owners: Sequence[str]) -> dict[tuple[str, str], int]:
    """Return how many records there are of each of these owners, by the owner and by what they are told apart by."""
    relationship, lookup = loss.each
    values = sorted({id_ for ids in (await resolver.directory(lookup)).names.values() for id_ in ids})
    found: dict[tuple[str, str], int] = {}
    for value in values:
        # Ids that are no integers cannot be walked along; the owner and the id keep pages apart (5.1 to 7.0).
        query = Query(
            filters={relationship: value}, fields={loss.type: [loss.owner, loss.by]}, sort=(loss.owner, "id"), size=PAGE
        )
        order = paging_order(loss.type)
        async for page in bulk.pages(loss.type, query, loss.owner, owners, chunk=OWNERS, order=order):
            for record in page.resources:
                owner, by = record.one(loss.owner), record.one(loss.by)
                if owner is not None and by is not None:
                    found[owner.id, by.id] = found.get((owner.id, by.id), 0) + 1
    return found


def with_losses(action: Action, counts: Mapping[Ref, int]) -> Action:
    """Return an action that says what it takes away, and how much goes along with it."""
    told: list[Any] = []
    losses: dict[str, int] = {}
    for one in action.removed:
        if one.part.loses is None:
            told.append(f"{one.record.type} {one.record.id}")
            continue
        told.append({one.part.loses.named: one.named, one.part.loses.type: counts[one.record.ref]})
        losses[one.part.type] = losses.get(one.part.type, 0) + 1
        losses[one.part.loses.type] = losses.get(one.part.loses.type, 0) + counts[one.record.ref]
    return replace(action, changes={**action.changes, "removed": told}, losses=losses)
