"""A store that answers nonsense: one answer of a conversation with the sandbox is spoiled, in a way that a seed chooses."""

from __future__ import annotations

import asyncio
import json
import random
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.errors import OroCommerceError
from oro_provider.api.exchange import Failure, Request, Response, Retries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from oro_provider.api.settings import Settings

PACKAGE = str(Path(__file__).resolve().parents[1] / "oro_provider")
LONGEST_SECONDS = 30.0
ONCE = Retries(attempts=1)

# What stands where something else should: other types, other hosts, other sizes.
STRANGERS: tuple[Any, ...] = (
    None, True, 0, -7, 1.5, 10**30, "", "x", "9" * 30, "²", "\x00\u2028\ud800", "https://elsewhere.example/admin/api", "../..",
    [], {}, [None], [[]], {"data": None}, {"data": {}}, {"data": [{}]}, {"type": "orders"}, [{"type": "orders", "id": "1"}],
)  # fmt: skip


class SpoiledClient(AsyncOroClient):
    """Spoils the answer number `turn` of those that the API gives, counted from 0."""

    def __init__(self, settings: Settings, turn: int, chance: random.Random) -> None:
        super().__init__(settings, retries=ONCE)
        self.answers = 0
        self._turn = turn
        self._chance = chance

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response | Failure:
        answer = await super()._exchange(session, request)
        if not isinstance(answer, Response) or "oauth2-token" in request.url:
            return answer
        self.answers += 1
        return spoiled(answer, self._chance) if self.answers == self._turn + 1 else answer


def spoiled(answer: Response, chance: random.Random) -> Response:
    """Return the answer with something wrong in it."""
    wrong = chance.choice([_cut, _other_bytes, _deep, _headers, *[_member] * 12])
    return wrong(answer, chance)


def _cut(answer: Response, chance: random.Random) -> Response:
    return replace(answer, body=answer.body[: chance.randrange(len(answer.body) + 1)])


def _other_bytes(answer: Response, chance: random.Random) -> Response:
    place = chance.randrange(len(answer.body) + 1)
    return replace(
        answer, body=answer.body[:place] + chance.choice([b"\xff", b"\x00", b'"', b"<html>"]) + answer.body[place:]
    )


def _deep(answer: Response, chance: random.Random) -> Response:
    depth = chance.choice([900, 100_000])
    return replace(answer, body=answer.body[:-1] + b',"deep":' + b"[" * depth + b"]" * depth + b"}")


def _headers(answer: Response, chance: random.Random) -> Response:
    name = chance.choice(["date", "x-include-total-count", "content-type", "x-include-deleted-count"])
    value = chance.choice(["", "²", "-1", "9" * 5000, "soon", "Sat, 07 Nov 99999 10:00:00 GMT"])
    return replace(answer, headers={**answer.headers, name: value})


def _member(answer: Response, chance: random.Random) -> Response:
    """Put a stranger in the place of a member, leave it out, or repeat it; or let what is included refer in a circle."""
    document = json.loads(answer.body) if answer.body else {}
    places = list(_places(document))
    if not places:
        return _cut(answer, chance)
    holder, key = chance.choice(places)
    match chance.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(holder[key])
        case 2 if isinstance(document.get("included"), list) and document["included"]:
            for one in document["included"]:
                for relationship in one.get("relationships", {}).values():
                    relationship["data"] = {"type": one["type"], "id": one["id"]}
        case _:
            holder[key] = chance.choice(STRANGERS)
    return replace(answer, body=json.dumps(document).encode())


def _places(value: Any) -> Any:
    """Each member of each object and list, as its holder and its key."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(members):
        yield value, key
        yield from _places(member)


def survives(
    settings: Settings, seed: int, act: Callable[[AsyncOroClient], Awaitable[Any]], turns: int
) -> BaseException | None:
    """Do something against the store whose answer is spoiled; return the error, which must be one of ours, and soon."""
    chance = random.Random(seed)

    async def run() -> None:
        async with SpoiledClient(settings, chance.randrange(turns), chance) as client:
            await asyncio.wait_for(act(client), LONGEST_SECONDS)

    error: Exception | None = None
    try:
        asyncio.run(run())
    except Exception as raised:  # noqa: BLE001 - what comes is looked at
        error = raised
    if error is not None:
        shown = "".join(traceback.format_exception(error))
        assert is_ours(error), f"seed {seed}: {shown}"
        assert settings.client_secret not in shown
        assert len(str(error)) < 20_000
    return error


def is_ours(error: BaseException) -> bool:
    """Whether an error is of our tree, or a `ValueError` that we raise in our own words."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    raised = last.filename.startswith(PACKAGE) and (last.line or "").startswith("raise ")
    return isinstance(error, OroCommerceError) or (type(error) is ValueError and raised)
