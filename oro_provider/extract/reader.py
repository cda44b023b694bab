"""The reader: an extract, page by page in the order of ids, into files that are published when it is proven whole.

Ids come first (`index`), pages are fetched side by side and leave in order, so memory holds some pages and one block of a
file, whatever the size of the store, and what was done is told by the last id that was written.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from oro_provider.api.errors import InvalidRequest, reading
from oro_provider.extract.files import BLOCK_BYTES, FILE_BYTES, Format, RecordFiles
from oro_provider.extract.index import Index, IndexPage
from oro_provider.extract.journal import Journal, State
from oro_provider.extract.layouts import RELATED, Lines, ObjectsLayout, RecordsLayout
from oro_provider.extract.manifest import Manifest, write_manifest
from oro_provider.extract.missing import Missing
from oro_provider.extract.numbered import PositionLost, Rest, keyed_index, numbered_pages, scopes
from oro_provider.extract.pages import PageRows, Pages
from oro_provider.extract.progress import Progress
from oro_provider.extract.spans import cuts
from oro_provider.extract.spec import Extract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.query import FilterValue
    from oro_provider.extract.known import Known

__all__ = ["Destination", "Extract", "NotSettled", "extract", "read_pages", "read_records"]

log = logging.getLogger(__name__)

# Pages that may be ahead of the one that is written next, for each connection: enough to bridge a slow one.
PAGES_AHEAD = 4
# Bytes of the largest block that the allocator has seen freed: it keeps twice as many for the next pages.
KEPT_BYTES = 8 << 20
# Seconds that a window may end ahead of the store's clock: a scheduler's clock is not the store's.
LONGEST_AHEAD = 60.0


class NotSettled(Exception):
    """The window ended too short a time ago by the store's clock; come again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the window is settled in {seconds:g} s by the store's clock")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an extract goes: `folder` a path, `name` a part of the files' names that no other run of the window has.

    `work` is the folder of the journal, None for an extract that begins afresh whatever happened. `part`: this is a shard, whose
    replaced files stay until the whole is published.
    """

    folder: Any
    name: str
    work: Any = None
    part: bool = False
    format: Format = "jsonl"
    block_bytes: int = BLOCK_BYTES
    file_bytes: int = FILE_BYTES


async def extract(
    client: AsyncOroClient,
    spec: Extract,
    to: Destination,
    progress: Progress | None = None,
    known: Known | None = None,
) -> Manifest:
    """Read what `spec` says into files and publish their manifest; on an error nothing is published.

    With `known`, which takes an extract of everything, only what differs from it is read; the ids that the store does not have
    are lines of the related files `deleted`.

    Raise `NotSettled` where the window must not be read yet, `Incomplete` where the store keeps something back.
    """
    to_tell = progress or Progress()
    with reading(spec.type):
        try:
            return await _extract(client, spec, to, to_tell, known)
        except NoSuchFilter as error:
            return await _extract(client, _by_older_date(spec, error), to, to_tell, None)


def _by_older_date(spec: Extract, error: NoSuchFilter) -> Extract:
    """Return what is read instead where the store cannot filter by the window's date; raise the error where nothing is."""
    older = spec.older
    if older is None:
        raise error
    log.warning(
        "This store cannot filter %s by %s: reading those of the window %s by %s instead. Changes of older ones are not seen.",
        spec.type,
        spec.date,
        older.window,
        older.date,
    )
    log.debug("The store said: %s", error)
    return older


async def _extract(
    client: AsyncOroClient, spec: Extract, to: Destination, progress: Progress, known: Known | None
) -> Manifest:
    # Short lists of codes, and what differs from what is known, are read again from the beginning: few pages.
    keyed = spec.keyset is not None or not spec.by_number
    journal = Journal(to.work) if to.work is not None and keyed and known is None else None
    digest = f"{spec.digest}-{to.format}-{to.name}"
    state = journal.load(digest) if journal else None
    files = RecordFiles(
        to.folder,
        to.name,
        format=to.format,
        columns=_columns_of(spec) if to.format == "parquet" else None,
        block_bytes=to.block_bytes,
        file_bytes=to.file_bytes,
    )
    if state is None or not files.resume(state.files, state.open):
        state = State(digest)
    progress.begin(spec.type, state.count)
    try:
        await _read(client, spec, state, files, journal, progress, known)
    except BaseException as error:
        files.abandon()
        if isinstance(error, PositionLost) and journal is not None:
            log.info("%s %s, where the earlier attempt had come to, is gone: reading all.", spec.type, state.last)
            journal.delete()
            return await _extract(client, spec, to, progress, known)
        raise
    files.check()
    manifest = _publish(spec, to, state, files)
    if journal is not None:
        journal.delete()
    progress.end()
    return manifest


async def _read(
    client: AsyncOroClient,
    spec: Extract,
    state: State,
    files: RecordFiles,
    journal: Journal | None,
    progress: Progress,
    known: Known | None,
) -> None:
    """Read from where `state` ends to the end, keeping the journal up to date."""
    missing = Missing(client, spec, state.moved, state.deleted)

    async def keep() -> None:
        whole = await files.flush()
        if whole and journal is not None and state.last is not None:
            await missing.settle()
            state.moved, state.deleted = missing.moved, missing.deleted
            state.files, state.open = files.files, files.open_names
            await asyncio.to_thread(journal.save, state)

    async for page in read_pages(client, spec, last=state.last, progress=progress, known=known):
        await missing.add(page.missing, page.scope)
        full = files.add(page.tables)
        state.last = page.last
        state.count += page.count
        state.newest = max(state.newest, page.newest)
        progress.add(page.count + len(page.missing))
        if full:
            await keep()
    await missing.settle()
    if known is not None:
        gone = await missing.gone(known.gone)
        files.add({"deleted": Lines.of([b'{"id":"%b"}' % id_.encode() for id_ in gone])})
    state.moved, state.deleted = missing.moved, missing.deleted
    await keep()
    await files.close()


async def read_records(client: AsyncOroClient, spec: Extract, limit: int) -> list[dict[str, Any]]:
    """Return the records of an extract; raise `ValueError` where there are more than `limit`."""
    records = replace(spec, layout="records")
    with reading(spec.type):
        try:
            return await _read_records(client, records, limit)
        except NoSuchFilter as error:
            return await _read_records(client, _by_older_date(records, error), limit)


async def _read_records(client: AsyncOroClient, spec: Extract, limit: int) -> list[dict[str, Any]]:
    missing = Missing(client, spec)
    decoder = msgspec.json.Decoder(dict[str, Any])
    records: list[dict[str, Any]] = []
    async for page in read_pages(client, spec):
        await missing.add(page.missing, page.scope)
        records += decoder.decode_lines(page.tables[spec.type].text)
        if len(records) > limit:
            raise ValueError(
                f"there are more than {limit} {spec.type}: raise records_limit, or give a target and read its files"
            )
    await missing.settle()
    return records


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page as it goes into files; `PageRows` says what the rest is. The bytes that the store sent are let go of by then."""

    last: str
    count: int
    tables: Mapping[str, Lines]
    missing: Sequence[str]
    newest: str
    scope: Mapping[str, FilterValue]


async def read_pages(
    client: AsyncOroClient,
    spec: Extract,
    *,
    last: str | None = None,
    progress: Progress | None = None,
    known: Known | None = None,
) -> AsyncIterator[PageLines]:
    """Yield the pages of an extract in the order of their ids, after `last`, reading several at a time."""
    if known is not None and (spec.by_number or spec.window is not None or spec.ids is not None):
        raise ValueError(
            f"what is known is compared with all {spec.type} that the store has, by their integer ids: not with a window, a "
            "shard, or a list of codes"
        )
    if spec.keyset is not None:
        rest = Rest(last)
        for scope in await scopes(client, spec, spec.keyset):
            async for page in _fetched(client, scope, rest.of(keyed_index(client, scope, spec.keyset))):
                yield page
        rest.check()
    elif spec.by_number:
        lay_out = _layout(spec)
        async for rows in numbered_pages(client, spec, Pages(client, spec)):
            yield lay_out(rows)
    else:
        index = index_pages(client, spec, last, progress)
        async for page in _fetched(client, spec, known.compared(index) if known is not None else index):
            yield page


def _layout(spec: Extract) -> Callable[[PageRows], PageLines]:
    """Return what makes lines of a page."""
    layout = ObjectsLayout(spec) if spec.layout == "objects" else RecordsLayout(spec)

    def lay_out(page: PageRows) -> PageLines:
        tables = {type_: Lines.of(lines) for type_, lines in layout.tables(page).items()}
        return PageLines(page.ids[-1], len(page.data), tables, page.missing, page.newest, page.scope)

    return lay_out


async def _fetched(client: AsyncOroClient, spec: Extract, index: AsyncIterator[IndexPage]) -> AsyncIterator[PageLines]:
    """Yield the pages of what an index names, in its order."""
    pages, lay_out = Pages(client, spec), _layout(spec)
    size = spec.page_size or client.settings.page_size
    ahead: deque[asyncio.Task[PageLines]] = deque()

    async def page_of(found: IndexPage, cut: slice) -> PageLines:
        # Laid out as it comes, while it is in the processor's cache, and not when its turn has come to be written.
        return lay_out(await pages.fetch(found.ids[cut], found.dates[cut], found.owners[cut]))

    limit = PAGES_AHEAD * client.settings.max_connections
    _keep_freed_memory()
    try:
        async for found in index:
            for cut in cuts(len(found.ids), size, found.owners):
                if len(ahead) >= limit:
                    yield await ahead.popleft()
                ahead.append(asyncio.ensure_future(page_of(found, cut)))
        while ahead:
            yield await ahead.popleft()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


def _keep_freed_memory() -> None:
    """Let glibc keep what pages leave free, up to twice `KEPT_BYTES`: any other allocator may ignore it.

    It gives free memory at its end back once that is twice the largest block that it has unmapped: with pages of 150 kB after
    nearly each of them, only to take it anew, which is a tenth of all processor time. The block here is never touched.
    """
    bytes(KEPT_BYTES)


async def index_pages(
    client: AsyncOroClient, spec: Extract, last: str | None = None, progress: Progress | None = None
) -> AsyncIterator[IndexPage]:
    """Yield the ids of an extract, thousands at a time, where its window is settled (`NotSettled`) and can be filtered by."""
    if spec.only is not None:
        left = [entry for entry in spec.only if last is None or int(entry[0]) > int(last)]
        if progress is not None:
            progress.expect(len(left))
        yield IndexPage([id_ for id_, _ in left], [date for _, date in left], len(left), None)
        return
    first = True
    try:
        async for page in Index(client, spec, last).pages():
            if first:
                check_settled(spec, page)
                if progress is not None:
                    progress.expect(page.left)
                first = False
            yield page
    except InvalidRequest as error:
        if spec.window and any(f"filter[{spec.date}]" in (said.parameter or "") for said in error.errors):
            raise NoSuchFilter(spec, error) from error
        raise


class NoSuchFilter(InvalidRequest):
    """The store cannot filter by the date that the window is about."""

    def __init__(self, spec: Extract, error: InvalidRequest) -> None:
        super().__init__(
            f"This store cannot filter {spec.type} by {spec.date} (orders: by updatedAt only from 6.0.5). "
            'Read by watermark="createdAt" and read a longer window again from time to time.',
            status=error.status,
            errors=error.errors,
        )


def check_settled(spec: Extract, page: IndexPage) -> None:
    """Raise where the window ended too recently, or will end, by the clock of the answer that was just given."""
    if spec.window is None or spec.settle is None:
        return
    if page.clock is None:
        raise ValueError("The store's answer has no Date header, so its clock is unknown: read with settle=None.")
    wait = (spec.window.until - page.clock).total_seconds() + spec.settle
    if wait > LONGEST_AHEAD + spec.settle:
        raise ValueError(
            f"the window {spec.window} ends in the future: it is {page.clock:%Y-%m-%dT%H:%M:%SZ} at the store"
        )
    if wait > 0:
        raise NotSettled(wait)


def _publish(spec: Extract, to: Destination, state: State, files: RecordFiles) -> Manifest:
    """Write the manifest of what is in the files."""
    paths: dict[str, list[str]] = {}
    for written in files.files:
        paths.setdefault(written.type, []).append(str(to.folder / written.name))
    own = paths.pop(spec.type, [])
    manifest = Manifest(
        entity=spec.type,
        path=str(to.folder),
        files=own,
        related={type_.removeprefix(RELATED): names for type_, names in paths.items()},
        count=state.count,
        bytes=sum(written.bytes for written in files.files),
        since=spec.window.since.isoformat() if spec.window else None,
        until=spec.window.until.isoformat() if spec.window else None,
        watermark=spec.date if spec.window else None,
        max_updated_at=state.newest or None,
        moved=state.moved,
        deleted=state.deleted,
        complete=True,
    )
    write_manifest(to.folder, manifest, None if to.part else {written.name for written in files.files})
    return manifest


def _columns_of(spec: Extract) -> Any:
    if spec.layout != "records":
        raise ValueError("format 'parquet' is for layout='records'; resource objects are JSON")
    from oro_provider.extract.parquet import record_columns

    return record_columns(spec)
