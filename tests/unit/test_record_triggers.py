"""How a wait for a record ends: what was found, what will not heal, the end of the time; a store that fails for a while is outwaited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.triggers.polling import Poll
from oro_provider.triggers.records import OroCommerceRecordTrigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PAST, FUTURE = "2001-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"


def ending(polls: list[Poll[Any]], deadline: str | None) -> list[Any]:
    trigger = OroCommerceRecordTrigger(
        orocommerce_conn_id="shop", poll_interval=1.0, deadline=deadline, resource="orders", filters={"identifier": "A"}
    )

    async def stream() -> AsyncIterator[Poll[Any]]:
        for poll in polls:
            yield poll

    async def play() -> list[Any]:
        return [event.payload async for event in trigger.filter_shared_stream(stream())]

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("polls", "deadline", "event"),
    [
        ([Poll(), Poll({"id": "1"}), Poll({"id": "2"})], FUTURE, {"status": "found", "found": {"id": "1"}}),
        ([Poll(error="502"), Poll({"id": "1"})], None, {"status": "found", "found": {"id": "1"}}),
        ([Poll(error="403", permanent=True), Poll({"id": "1"})], None, {"status": "error", "message": "403"}),
        ([Poll(), Poll({"id": "1"})], PAST, {"status": "timeout", "message": "Nothing came in time."}),
        (
            [Poll(error="502")],
            PAST,
            {"status": "timeout", "message": "Nothing came in time. The store last failed: 502"},
        ),
    ],
)
def test_a_wait_ends_with_one_event(polls: list[Poll[Any]], deadline: str | None, event: dict[str, Any]) -> None:
    assert ending(polls, deadline) == [event]


def test_a_wait_without_an_end_goes_on() -> None:
    assert ending([Poll(), Poll(error="502")], FUTURE) == []
