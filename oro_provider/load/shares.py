"""Rows of one task that belong to several resources: which of them each belongs to is told by the owner that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oro_provider.load.rows import Reject, Row, row_or_reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oro_provider.entities.model import Entity


@dataclass(frozen=True, slots=True)
class Share:
    """The part of such rows that belongs to `own`. Their numbers are those of the whole input.

    An entity's owner is the first field of its key. A row that names no owner is the first entity's, which refuses it.
    """

    entities: tuple[Entity, ...]
    own: Entity

    def rows(self, records: Iterable[Any]) -> Iterator[Row | Reject]:
        """Yield the rows of this share."""
        for number, record in enumerate(records, start=1):
            named = [entity for entity in self.entities if _belongs(entity, record)]
            if (named or self.entities)[0] is not self.own:
                continue
            if len(named) > 1:
                owners = [entity.key[0] for entity in named]
                yield Reject(number, f"names {' and '.join(owners)}, and has one owner", owners[1], None, record)
            else:
                yield row_or_reject(self.own, number, record)


def shares(entities: tuple[Entity, ...]) -> list[Share | None]:
    """Return the share of each of these entities; None where there is one only, to which all rows belong."""
    return [Share(entities, entity) for entity in entities] if len(entities) > 1 else [None]


def _belongs(entity: Entity, record: Any) -> bool:
    if not isinstance(record, Mapping):
        return False
    if "attributes" in record or "relationships" in record:
        return bool(record.get("type") == entity.type)
    return record.get(entity.key[0]) not in {None, ""}
