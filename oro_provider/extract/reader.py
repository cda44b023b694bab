"""The reader: a window of an entity, page by page in id order, into files. Memory holds one page at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.api.documents import Page, Ref, Resource
from oro_provider.api.errors import InvalidRequest, UnexpectedAnswer
from oro_provider.api.query import FilterValue, Query
from oro_provider.entities.shapes import SHAPES
from oro_provider.extract.files import Manifest, RecordFiles
from oro_provider.extract.records import IncludeTree, flat_record, include_paths, include_tree, sparse_fields

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.model import Entity
    from oro_provider.extract.window import Window

# Seconds that a window may end ahead of the store's clock: a scheduler's clock is not the store's.
LONGEST_SETTLE = 60.0
# A store cuts to-many lists of a document at 100 (5.1) or 1,000 (6.0 and later); `noHateoas` removes the only sign of it.
CUT_LENGTHS = frozenset({100, 1000})


@dataclass(frozen=True, slots=True)
class Extract:
    """What to read. `window` None reads everything; `watermark` is the date that the window is about.

    `include` are relationships (dotted paths too) to nest in the records, `fields` what the default leaves out: costly
    fields, to-many references, a store's own attributes. `only` reads the records with these ids.
    """

    entity: Entity
    window: Window | None = None
    watermark: str | None = None
    include: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    page_size: int | None = None
    only: tuple[int, ...] | None = None

    @property
    def tree(self) -> IncludeTree:
        return include_tree(self.include)

    @property
    def query(self) -> Query:
        """The query for this extract; raise `ValueError` for what a store would answer wrongly in silence."""
        shape = self.entity.shape
        fields = sparse_fields(self.entity.type, shape, self.tree, self.entity.costly, self.fields)
        for path in self.filters:
            self._check_filter(path)
            # A filter on an enum that `fields` does not name gives wrong rows (6.1), so each filtered field is named.
            name = path.partition("[")[0].partition(".")[0]
            if name not in fields[self.entity.type] and name != "id":
                fields[self.entity.type].append(name)
        filters = dict(self.filters)
        if self.window is not None:
            date = self.watermark or self.entity.watermark
            if date is None:
                raise ValueError(f"{self.entity.type} have no date of their last change: read them without a window")
            filters[date] = self.window.range
        return Query(filters=filters, include=tuple(include_paths(self.tree)), fields=fields, size=self.page_size)

    @property
    def until_empty(self) -> bool:
        """Whether a filter over a to-many relation makes short pages of joined rows."""
        relationships = self.entity.shape.relationships
        names = (path.partition("[")[0].partition(".")[0] for path in self.filters)
        return any(name in relationships and relationships[name].many for name in names)

    def _check_filter(self, path: str) -> None:
        name, _, nested = path.partition("[")[0].partition(".")
        if not nested:
            return
        to = self.entity.shape.relationships.get(name)
        target = SHAPES.get(to.type) if to else None
        below = target.relationships.get(nested.partition(".")[0]) if target else None
        if below is not None and _is_enum(below.type):
            raise ValueError(
                f"filter {path!r} looks at an enum of another resource, which a store answers wrongly (6.1)"
            )


def _is_enum(type_: str) -> bool:
    shape = SHAPES.get(type_)
    return shape is not None and set(shape.attributes) == {"priority", "default", "name"}


async def wait_until_settled(client: AsyncOroClient, entity: Entity, window: Window, settle: float) -> None:
    """Wait until the store's own clock is `settle` seconds past the window's end, so that late commits are in it.

    Raise `ValueError` for a window that ends later than `LONGEST_SETTLE` from now: it cannot be read whole today.
    """
    date = entity.watermark or next(iter(entity.shape.attributes), "id")
    query = Query(fields={entity.type: [date]}, size=1)
    now = (await client.perform(client.calls.page(entity.type, query))).date
    if now is None:
        raise UnexpectedAnswer("The store's answer has no Date header, so its clock is unknown.")
    wait = (window.until - now).total_seconds() + settle
    if wait > LONGEST_SETTLE + settle:
        raise ValueError(f"the window {window} ends in the future: it is {now:%Y-%m-%dT%H:%M:%SZ} at the store")
    if wait > 0:
        await asyncio.sleep(wait)


async def extract(client: AsyncOroClient, spec: Extract, folder: Any) -> Manifest:
    """Read what `spec` says into files below `folder` and publish their manifest; on an error nothing is published."""
    newest: str | None = None
    watermark = spec.entity.watermark
    with RecordFiles(folder) as files:
        async for page in read_pages(client, spec):
            included = dict(page.included)
            records = []
            for resource in page.resources:
                whole = await _completed(client, spec, resource, included)
                records.append(flat_record(whole, included, spec.tree))
                changed = resource.attributes.get(watermark) if watermark else None
                newest = max(newest or changed, changed) if changed else newest
            files.write(records)
        return files.publish(spec.entity.type, spec.window, newest)


async def read_pages(client: AsyncOroClient, spec: Extract) -> AsyncIterator[Page]:
    """Yield the pages of an extract."""
    try:
        size = spec.page_size or client.settings.page_size
        query = spec.query.where(size=size)
        if spec.only is not None:
            # A page for each chunk: before 6.1 a second operator on the id would replace the list.
            for start in range(0, len(spec.only), size):
                wanted = query.filtered({"id": spec.only[start : start + size]}).where(sort=("id",))
                yield await client.perform(client.calls.page(spec.entity.type, wanted))
            return
        async for page in client.pages(spec.entity.type, query, until_empty=spec.until_empty):
            yield page
    except InvalidRequest as error:
        date = spec.watermark or spec.entity.watermark
        if spec.window and any(f"filter[{date}]" in (said.parameter or "") for said in error.errors):
            raise InvalidRequest(
                f"This store cannot filter {spec.entity.type} by {date} (orders: only from 6.0.5). "
                'Read by watermark="createdAt" and read a longer window again from time to time.',
                status=error.status,
                errors=error.errors,
            ) from error
        raise


async def _completed(
    client: AsyncOroClient, spec: Extract, resource: Resource, included: dict[Ref, Resource]
) -> Resource:
    """Return the resource with every to-many list whole: one of exactly the store's limit is read again by itself."""
    relationships = dict(resource.relationships)
    for name, target in resource.relationships.items():
        if not isinstance(target, tuple) or len(target) not in CUT_LENGTHS:
            continue
        type_ = target[0].type
        below = include_tree(spec.include).get(name, {})
        shape = SHAPES.get(type_)
        fields = sparse_fields(type_, shape, below, frozenset()) if shape else {}
        query = Query(size=1000, sort=("id",), fields=fields, include=tuple(include_paths(below)))
        refs: list[Ref] = []
        async for page in client.pages(f"{resource.type}/{resource.id}/{name}", query, order="number"):
            refs.extend(found.ref for found in page.resources)
            included.update(page.included)
            included.update((found.ref, found) for found in page.resources)
        relationships[name] = tuple(refs)
    return Resource(resource.type, resource.id, resource.attributes, relationships, resource.meta)
