"""The ids that the store gives: running numbers, and random ones for prices and webhooks. None is given twice."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from oro_provider.entities.shapes import SHAPES
from oro_provider.sandbox.storage import COMPUTED, TEXT_IDS, quoted

if TYPE_CHECKING:
    import random
    import sqlite3

RANDOM_IDS = frozenset({"productprices", "webhooks"})

Memory = tuple[dict[str, int], dict[str, list[int]]]


class Numbering:
    """The next id of each resource of one database."""

    def __init__(self, connection: sqlite3.Connection, chance: random.Random) -> None:
        self.connection = connection
        self.chance = chance
        self._next: dict[str, int] = {}
        self._expected: dict[str, list[int]] = {}

    def new(self, resource: str) -> Any:
        """The next id. A number once given is not given again, even when its write was refused."""
        if resource in RANDOM_IDS:
            return self.uuid()
        if self._expected.get(resource):
            return self._expected[resource].pop(0)
        number = self._sequence(resource)
        self._next[resource] = number + 1
        return number

    def uuid(self) -> str:
        """A random id, the same for the same seed."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def expect(self, resource: str, numbers: list[int]) -> None:
        """Give these numbers to the resource's next records, as far as they are free."""
        if resource in TEXT_IDS or resource not in SHAPES or resource in COMPUTED:
            return
        taken = f'SELECT 1 FROM {quoted(resource)} WHERE "id" = ?'
        free = [number for number in numbers if not self.connection.execute(taken, (number,)).fetchone()]
        self._expected[resource] = free
        self._next[resource] = max([self._sequence(resource), *(number + 1 for number in free)])

    def remember(self) -> Memory:
        """The state, to come back to with `recall` when a rehearsal is undone."""
        return dict(self._next), {name: list(numbers) for name, numbers in self._expected.items()}

    def recall(self, memory: Memory) -> None:
        """Number on as at `remember`."""
        self._next, self._expected = memory

    def _sequence(self, resource: str) -> int:
        if resource not in self._next:
            highest = self.connection.execute(f'SELECT max("id") FROM {quoted(resource)}').fetchone()[0]
            self._next[resource] = (highest or 0) + 1
        return self._next[resource]
