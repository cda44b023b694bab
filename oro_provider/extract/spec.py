"""What is to be read, as a value, and the queries that it takes: one for the index of ids, one for the pages.

Everything that a store would answer wrongly in silence is refused here, before anything is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

import msgspec

from oro_provider.api.query import FilterValue, Query, Range, filtered_names
from oro_provider.entities import paging_order
from oro_provider.entities.filters import takes_list
from oro_provider.entities.reading import KEYSETS, Keyset
from oro_provider.entities.shapes import SHAPES
from oro_provider.extract.records import IncludeTree, include_paths, include_tree, sparse_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oro_provider.entities.model import Apart, Entity
    from oro_provider.extract.window import Window

Layout = Literal["records", "objects"]


@dataclass(frozen=True, slots=True)
class Extract:
    """What to read. `window` None reads everything; `watermark` is the date that the window is about.

    `include` are relationships (dotted paths too) to read with the records, `fields` what the default leaves out: costly
    fields, to-many references, a store's own attributes. `ids` limits the reading to a range of ids, both ends included.
    `settle`: seconds by the store's clock after the window's end before it is read; None reads at once. `reread`: how far back
    to read by `createdAt` where the store cannot filter by the date of the last change. `only`: the ids that are to be read, in
    order, with the dates of their last changes, where they are known; the window then only names them.
    """

    entity: Entity
    window: Window | None = None
    watermark: str | None = None
    include: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    page_size: int | None = None
    layout: Layout = "records"
    ids: tuple[int, int] | None = None
    settle: float | None = None
    reread: timedelta = timedelta(0)
    only: tuple[tuple[str, str], ...] | None = None

    def __post_init__(self) -> None:
        if self.layout not in {"records", "objects"}:
            raise ValueError(f"layout {self.layout!r} is neither 'records' nor 'objects'")
        for path in self.filters:
            self._check_filter(path)
        if self.type not in SHAPES and not self.fields:
            raise ValueError(
                f"what {self.type} have is not known: name in fields= the attributes and references to read"
            )
        if self.window is not None and self.date is None:
            raise ValueError(f"{self.entity.type} have no date of their last change: read them without a window")

    @property
    def type(self) -> str:
        return self.entity.type

    @property
    def date(self) -> str | None:
        """The attribute that the window is about."""
        return self.watermark or self.entity.watermark

    @property
    def tree(self) -> IncludeTree:
        """All that is included, as a tree."""
        return include_tree(self.include)

    @property
    def together(self) -> IncludeTree:
        """What comes with the pages."""
        return {name: below for name, below in self.tree.items() if name not in self.entity.apart}

    @property
    def apart(self) -> dict[str, tuple[Apart, IncludeTree]]:
        """What is read by itself: the relationship, how it is read and what is included below it."""
        known = self.entity.apart
        return {name: (known[name], below) for name, below in self.tree.items() if name in known}

    @property
    def by_number(self) -> bool:
        """Whether the ids are codes, so that pages follow each other by their numbers."""
        return paging_order(self.type) == "number"

    @property
    def keyset(self) -> Keyset | None:
        """How a long list is read whose ids are no integers."""
        return KEYSETS.get(self.type)

    @property
    def scope(self) -> dict[str, FilterValue]:
        """The filter without which the store lists nothing of this resource."""
        each = self.keyset.each if self.keyset else None
        return {path: value for path, value in self.filters.items() if path == each}

    @property
    def until_empty(self) -> bool:
        """Whether a filter over a to-many relation makes short pages of joined rows."""
        return any(self._to_many(path) for path in self.filters)

    @property
    def sparse(self) -> dict[str, list[str]]:
        """The fields to ask for, by type: none is left to the store's default."""
        fields = sparse_fields(self.type, self.entity.shape, self.together, self.entity.costly, self.fields)
        own = fields[self.type]
        own.extend(name for name in filtered_names(self.filters) if name not in own)
        own.extend(name for name in self.before_6_1.values() if name not in own)
        return fields

    @property
    def before_6_1(self) -> dict[str, str]:
        """The to-one references that older stores have in the place of to-many ones in `fields`: `{"orders": "order"}` of trackings.

        Both are asked for, since a store ignores what it does not know.
        """
        references = self.entity.references.values()
        return {
            reference.relationship: reference.before_6_1
            for reference in references
            if reference.before_6_1 is not None and reference.relationship in self.fields
        }

    @property
    def where(self) -> dict[str, FilterValue]:
        """The filters of the window, the range of ids and the caller's own."""
        filters = dict(self.filters)
        if self.window is not None and self.date is not None and self.only is None:
            filters[self.date] = self.window.range
        if self.ids is not None:
            filters["id"] = Range(*self.ids)
        return filters

    @property
    def single(self) -> dict[str, FilterValue]:
        """The same without filters over to-many relations, which make a store count joined rows for a page's size."""
        return {path: value for path, value in self.where.items() if not self._to_many(path)}

    @property
    def index(self) -> Query:
        """The query for the ids of all that is to be read, and their dates."""
        names = [*([self.date] if self.date else []), *filtered_names(self.filters)] or ["id"]
        return Query(filters=self.where, fields={self.type: names})

    def index_after(self, last: str | None) -> Query:
        """Return the query for the ids after this one."""
        if last is None:
            return self.index.where(sort=("id",))
        # Before 6.1 a second operator on a field replaces the first, so a range is narrowed instead.
        after: dict[str, FilterValue] = (
            {"id": Range(int(last) + 1, self.ids[1])} if self.ids is not None else {"id[gt]": int(last)}
        )
        return self.index.filtered(after).where(sort=("id",))

    @property
    def page(self) -> Query:
        """The query for a page, to which its ids are added. A record that has left the window is not in the answer."""
        filters = {path: value for path, value in self.single.items() if path != "id"}  # the range of a shard
        return Query(filters=filters, include=tuple(include_paths(self.together)), fields=self.sparse, sort=("id",))

    @property
    def older(self) -> Extract | None:
        """The same extract for a store that cannot filter by its date: by another one, from further back."""
        date = self.entity.older_watermark
        if self.window is None or self.watermark is not None or date is None:
            return None
        return replace(self, watermark=date, window=self.window.widened(self.reread))

    @property
    def digest(self) -> str:
        """A name for all that decides what is in the files."""
        parts = (
            self.type,
            str(self.window),
            self.date,
            self.include,
            self.fields,
            sorted((path, str(value)) for path, value in self.filters.items()),
            self.layout,
            self.ids,
            self.only,
        )
        return sha256(msgspec.json.encode(parts)).hexdigest()[:12]

    def _to_many(self, path: str) -> bool:
        to = self.entity.shape.relationships.get(path.partition("[")[0].partition(".")[0])
        return to is not None and to.many

    def _check_filter(self, path: str) -> None:
        name = path.partition("[")[0].partition(".")[0]
        if name == "id" or (name == self.date and self.window is not None):
            raise ValueError(f"filter {path!r} is the reader's own: use the window, or a range of ids")
        check_filter(self.type, path, self.filters[path])


def ids_filter(ids: Sequence[str]) -> FilterValue:
    """Return the filter for these ids: a range where they follow each other, else a list, which a store takes by its key."""
    if ids[0].isdigit() and ids[-1].isdigit() and int(ids[-1]) - int(ids[0]) == len(ids) - 1:
        return Range(int(ids[0]), int(ids[-1]))
    return list(ids)


def check_filter(resource: str, path: str, value: FilterValue) -> None:
    """Raise `ValueError` for a filter that a store answers wrongly in silence: on an enum of another resource, by a list where it takes
    one value."""
    name, _, nested = path.partition("[")[0].partition(".")
    shape = SHAPES.get(resource)
    to = shape.relationships.get(name) if shape is not None and nested else None
    target = SHAPES.get(to.type) if to else None
    below = target.relationships.get(nested.partition(".")[0]) if target else None
    if below is not None and _is_enum(below.type):
        raise ValueError(f"filter {path!r} looks at an enum of another resource, which a store answers wrongly (6.1)")
    if isinstance(value, list | tuple | set | frozenset) and len(value) > 1 and not takes_list(resource, path):
        raise ValueError(
            f"filter {path!r} of {resource} takes one value: a store compares a list with it as one text and finds nothing. "
            "Ask for one value at a time, or choose from what is read"
        )


def _is_enum(type_: str) -> bool:
    shape = SHAPES.get(type_)
    return shape is not None and set(shape.attributes) == {"priority", "default", "name"}
