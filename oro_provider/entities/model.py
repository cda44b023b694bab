"""The words in which an entity is described: how a row's fields become a resource, and how names become ids.

An `Entity` is a table row, not a class to derive from; what is special about a resource stands here as a column, never as
an `if` somewhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from oro_provider.entities.shapes import SHAPES, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ByFilter:
    """The keys are sent as a list filter: thousands in a request.

    `chunk` keys a request: order identifiers are compared without regard to case and cost a store quadratic time (1,234
    keys 0.5 s, 9,876 keys 19 s on 6.1.9), SKUs do not. `folded`: the store's filter ignores case.
    """

    attribute: str
    chunk: int = 10_000
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The whole list is read once with this attribute only and matched exactly, since its filter does not exist or is a
    late and fuzzy search. `folded`: names that differ in case only are the same."""

    attribute: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class LocalizedDictionary:
    """As `Dictionary`, but the name is the default one of a to-many relationship to localized values."""

    relationship: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of titles in a resource of their own: a key is a path (`Office / Lighting`), or a title that stands alone.

    `titles` is that resource, `owner` its relationship to the node, `parent` the node's to the one above.
    """

    titles: str
    owner: str
    parent: str


@dataclass(frozen=True, slots=True)
class Code:
    """The id is the code (`each`, `in_stock`, `US`): the whole list is read once and the code must be in it."""


Source = ByFilter | Dictionary | LocalizedDictionary | Tree | Code


@dataclass(frozen=True, slots=True)
class Lookup:
    """A way from a name or code to the id of a resource."""

    type: str
    source: Source


@dataclass(frozen=True, slots=True)
class Reference:
    """A row's field that names another record: `tax_code` -> the relationship `taxCode`.

    `before_6_1` is the to-one relationship that older stores have instead of a to-many one.
    """

    relationship: str
    lookup: Lookup
    many: bool = False
    before_6_1: str | None = None


@dataclass(frozen=True, slots=True)
class LocalizedField:
    """A row's field that is the default (localization null) value of a to-many relationship to localized values."""

    relationship: str
    type: str


@dataclass(frozen=True, slots=True)
class UnitField:
    """A row's field that is the code of the primary unit: made with the record, never changed after.

    Taking a unit away deletes its prices and stock at once (5.1 to 7.0), so a row that names another one is refused.
    """

    relationship: str
    type: str
    to_unit: str
    units: Lookup
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Apart:
    """A related list that is read in requests of its own, since an include of it costs the store too much.

    `owner`: the list's own resource is asked for these owners by this relationship. None: what the store computes is in no
    resource of its own that takes several owners, so the same records are asked again for this list only, `size` at once.
    """

    owner: str | None = None
    size: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What is known of a resource.

    key: the row's fields that together name a record to people; records with the same key are the same.
    find: how existing records are found by the key's first field.
    key_folded: keys that differ in case only are the same to the store.
    references, localized, units: row fields that are not attributes; anything else in a row is an attribute.
    defaults: row fields that a new record gets where the row is silent, because the store insists on them.
    watermark: the attribute that moves with each change; None where the store has none.
    older_watermark: what stands in for it on stores that cannot filter by it.
    costly: what the store computes at length, read only when asked for by name.
    apart: included lists that are read in requests of their own.
    batch: the store takes several at once (`update_list`).
    personal: its values are people's data and stand in no log.
    back_office: path of a record's page below the admin prefix, with `{id}`.
    """

    type: str
    key: tuple[str, ...] = ()
    find: Literal["filter", "owner"] | None = None
    key_folded: bool = False
    references: Mapping[str, Reference] = field(default_factory=dict)
    localized: Mapping[str, LocalizedField] = field(default_factory=dict)
    units: Mapping[str, UnitField] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    watermark: str | None = None
    older_watermark: str | None = None
    costly: frozenset[str] = frozenset()
    apart: Mapping[str, Apart] = field(default_factory=dict)
    batch: bool = False
    personal: bool = False
    back_office: str | None = None

    @property
    def shape(self) -> Shape:
        """Attributes and relationships by name; empty for an entity that only a user's store has."""
        return SHAPES.get(self.type) or Shape({}, {})

    def attribute(self, row_field: str) -> str:
        """Return the attribute that a row's field means: itself, or its camel case where the store has that one."""
        if row_field in self.shape.attributes:
            return row_field
        head, *rest = row_field.split("_")
        camel = head + "".join(word.capitalize() for word in rest)
        return camel if camel in self.shape.attributes else row_field
