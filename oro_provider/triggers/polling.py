"""Polling a store on behalf of everyone who waits for the same: one request an interval, slower while the store fails.

Never raises for what a store does, since one stream may serve many waiting tasks: it gives what a poll showed, or why it
failed, and each of them decides.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

from oro_provider.version_compat import AirflowException, in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.settings import Settings
    from oro_provider.hooks.orocommerce import OroCommerceHook

T = TypeVar("T")

# An interval grows to this many while the store fails, and to `LONGEST_PAUSE` seconds where that is longer than an interval.
LARGEST_FACTOR = 64
LONGEST_PAUSE = 600.0
# Seconds beyond which no Retry-After is waited for: who closes for a day may be back in ten minutes.
LONGEST_ASKED = 3600.0
# A poll that is refused for good costs three requests (the call, the one new login, the call again).
PERMANENT_FACTOR = 4

SHORTEST_INTERVAL = 0.1

log = logging.getLogger(__name__)

# Those who have to look for themselves do so a few at a time: the event loop and its tasks end together.
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Poll(Generic[T]):
    """What one poll gave: a value, or the reason why there is none, and whether that will stay so."""

    value: T | None = None
    error: str | None = None
    permanent: bool = False


def polling_client(hook: OroCommerceHook) -> AsyncOroClient:
    """Return a client that sends each request once: whoever polls comes again."""
    from airflow.sdk.log import mask_secret

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.exchange import Retries

    once = Retries(attempts=1)
    return AsyncOroClient(hook.settings, retries=once, on_token=mask_secret, grants=hook.grants, in_thread=in_thread)


async def loaded_hook(conn_id: str) -> OroCommerceHook:
    """Return the hook of a connection, with its settings.

    Airflow's HTTP provider, which comes with it, takes half a second to import: a thread does that, since every other trigger of the
    process would wait as well.
    """
    hook = await in_thread(_new_hook, conn_id)
    await hook.load_settings()
    return hook


def _new_hook(conn_id: str) -> OroCommerceHook:
    from oro_provider.hooks.orocommerce import OroCommerceHook

    return OroCommerceHook(conn_id)


async def ask(conn_id: str, job: Callable[[AsyncOroClient], Awaitable[T]]) -> T:
    """Do a job once, with a client of its own; of all who wait on a connection, as many at a time as it allows."""
    hook = await loaded_hook(conn_id)
    gates = _gates.setdefault(asyncio.get_running_loop(), {})
    async with (
        gates.setdefault(conn_id, asyncio.Semaphore(hook.settings.max_connections)),
        polling_client(hook) as client,
    ):
        return await job(client)


async def polls(
    conn_id: str, interval: float, job: Callable[[AsyncOroClient], Awaitable[T]]
) -> AsyncGenerator[Poll[T], None]:
    """Do the job every `interval` seconds, give or take a tenth, and yield what came of it, for ever.

    The connection is read again after a failure that only a person can mend. Where somebody has mended it meanwhile (a new client
    secret), it is tried before those who wait are told.
    """
    from oro_provider.api.errors import OroCommerceError

    failures = 0
    interval = max(interval, SHORTEST_INTERVAL)
    while True:
        settings = None
        try:
            hook = await loaded_hook(conn_id)
            settings = hook.settings
            async with polling_client(hook) as client, aclosing(_polls(client, interval, job)) as stream:
                async for poll in stream:
                    failures = 0
                    yield poll
        except (OroCommerceError, AirflowException, ValueError) as error:
            if settings is not None and await _mended(conn_id, settings):
                continue
            failures += 1
            # What Airflow itself cannot answer now it may answer later. It says "not found" too where a secrets backend failed (3.3),
            # and the connection was there when the wait began.
            permanent = not isinstance(error, AirflowException)
            yield _failed(conn_id, error, failures, permanent=permanent)
            await asyncio.sleep(pause(interval * (PERMANENT_FACTOR if permanent else 1), failures))


async def _mended(conn_id: str, settings: Settings) -> bool:
    """Return whether a connection says something else by now than these settings."""
    try:
        return (await loaded_hook(conn_id)).settings != settings
    except (AirflowException, ValueError):
        return False


async def _polls(
    client: AsyncOroClient, interval: float, job: Callable[[AsyncOroClient], Awaitable[T]]
) -> AsyncGenerator[Poll[T], None]:
    """Poll with one client until something fails for good, which is raised."""
    from oro_provider.api.errors import OroCommerceError

    failures = 0
    while True:
        try:
            poll, seconds, failures = Poll(await job(client)), jittered(interval), 0
        except OroCommerceError as error:
            if error.permanent:
                raise
            failures += 1
            poll = _failed(client.settings.origin, error, failures, permanent=False)
            seconds = pause(interval, failures, error.retry_after)
        yield poll
        await asyncio.sleep(seconds)


def _failed(whose: str, error: Exception, failures: int, *, permanent: bool) -> Poll[T]:
    log.warning("Polling %s failed %s times in a row: %s", whose, failures, error)
    return Poll(error=str(error), permanent=permanent)


def jittered(seconds: float) -> float:
    """Return about as many seconds, so that those who began together do not stay together."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311 - jitter, not a secret


def pause(interval: float, failures: int, retry_after: float | None = None) -> float:
    """Return the seconds until the next poll after so many failures in a row: as many as the store asked for, within reason."""
    longest = max(interval, min(interval * LARGEST_FACTOR, LONGEST_PAUSE))
    asked = min(retry_after or 0.0, LONGEST_ASKED)
    return jittered(max(min(interval * 2.0 ** min(failures, 16), longest), asked / 0.9))
