"""The words in which an entity is described: how a row's fields become a resource, and how names become ids.

An `Entity` is a table row, not a class to derive from; what is special about a resource stands here as a column, never as
an `if` somewhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from oro_provider.entities.shapes import SHAPES, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# -- from names to ids -------------------------------------------------------------------------------------------------


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
    """The whole list is read once with these attributes only and matched exactly, since its filter does not exist or is a
    late and fuzzy search.

    `ids`: the id is a code and so a name too. `folded`: names that differ in case only are the same. `where`: filters of
    the list. `scope`: a to-one relationship within which a name is unique; the name is then `<id> / <name>`.
    """

    attributes: tuple[str, ...] = ()
    ids: bool = False
    folded: bool = False
    where: tuple[tuple[str, str], ...] = ()
    scope: str | None = None


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


Source: TypeAlias = "ByFilter | Dictionary | LocalizedDictionary | Tree"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A way from a name or code to the id of a resource.

    `make`: the attribute that a record made for want of one gets its name in (`missing="create"`); None where a name is not
    enough to make one. `edition`: the edition of OroCommerce that has it, where not every one does. `personal`: the names are
    people's, and stand in no message, since logs show those.
    """

    type: str
    source: Source
    make: str | None = None
    edition: str | None = None
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """A row's field that names another record: `tax_code` -> the relationship `taxCode`.

    `before_6_1` is the to-one relationship that older stores have instead of a to-many one. `scope` is the row's field that
    says where the name is unique (a region's country). `through`: the record is only reached over another one, by this
    relationship of it, and cannot be set.
    """

    relationship: str
    lookup: Lookup
    many: bool = False
    before_6_1: str | None = None
    scope: str | None = None
    through: str | None = None


# -- what belongs to a record ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A row's field that is text in the store's languages: `name` is the default one, `name.de_DE` that of a localization.

    `attribute` holds the text, inside an object's `value` where `rich`. `owner` is the values' relationship to the record;
    None where they have none and are found by the record's relationship.
    """

    relationship: str
    type: str
    attribute: str = "string"
    owner: str | None = None
    rich: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A row's field that is the path of a file, which a part holds in a record of its own behind this relationship.

    The file goes by the path's last name, or by what the row's field `name` says; its media type begins with `media`. Files
    have no list of their own and are read along with the part (5.1 to 7.0).
    """

    relationship: str
    media: str
    name: str = "name"
    type: str = "files"


@dataclass(frozen=True, slots=True)
class Loss:
    """Records of another type that the store deletes along with a part: the prices in a unit of a product.

    `owner` and `by`: their relationships to the part's record and to what the part's field `named` names. `each`: the
    relationship whose value the store insists on in every request, and how to find its values.
    """

    type: str
    owner: str
    by: str
    named: str
    each: tuple[str, Lookup]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Records that belong to a record and are written with it: units of a product, items of a kit, addresses of an order.

    :param owner: their relationship to the record; None where they are found by the record's relationship to them.
    :param key: fields that tell those of one record apart; none for a single one (`many=False`).
    :param short: the field that is meant where a row has a bare value instead of a dict.
    :param first: a row's field that names the leading one by its key, and the record's relationship to it.
    :param whole: a row's list is the whole list, so that others are taken out of it. Where it is not, they stay.
    :param back: a new one names its record too, where that has an id.
    :param complete: puts into a row's list what its dicts leave open; raises `ValueError` for a list that cannot be.
    :param loses: what the store deletes along with one that is taken away.
    """

    type: str
    relationship: str
    owner: str | None = None
    owner_before_6_1: str | None = None
    key: tuple[str, ...] = ()
    many: bool = True
    short: str | None = None
    first: tuple[str, str] | None = None
    whole: bool = False
    back: bool = False
    references: Mapping[str, Reference] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    complete: Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]] | None = None
    loses: Loss | None = None

    @property
    def shape(self) -> Shape:
        """Attributes and relationships by name."""
        return SHAPES.get(self.type) or Shape({}, {})

    def attribute(self, row_field: str) -> str:
        """Return the attribute that a row's field means."""
        return _attribute(self.shape, self.attributes, row_field)


@dataclass(frozen=True, slots=True)
class Find:
    """How existing records are found again by their key.

    :param by: `filter` sends the first key field's values as a list; `scan` reads that field of all records once, where no filter
        takes a list; `owner` asks for all records of the owners that the rows name in the field `field`.
    :param each: the row's field whose value the store insists on in every request (`filter[priceList]` of prices).
    """

    by: str
    field: str
    each: str | None = None
    chunk: int = 10_000


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

    :param key: the row's fields that together name a record to people; records with the same key are the same.
    :param optional: those of them on which a row may be silent, if what it says is enough.
    :param find: how existing records are found; `keys` are other keys that a user may choose, with how to find by them.
    :param key_folded: keys that differ in case only are the same.
    :param enforced: the store itself refuses a second record with the key, so that two tasks cannot make one twice.
    :param references: row fields that are not attributes, as are `texts`, `parts`, `settings`; anything else in a row is an attribute.
    :param attributes: row fields with another name than the attribute that they mean.
    :param compose: makes attributes of several row fields (`composed`) that mean something together only.
    :param defaults: row fields that a new record gets where the row is silent, because the store insists on them.
    :param once: fields that are sent for a new record only.
    :param sole: attributes of which one record of an owner at most may hold a value; the owner is the key's first field.
    :param lone: attributes that the store sets for an owner's only record, whatever is sent (5.1 to 6.1).
    :param creatable: the API makes new ones.
    :param rehearsed: the store can say what it thinks of a single record without keeping it (`meta.validate`, 6.1); an older one would
        keep it.
    :param retire: what to set instead of deleting.
    :param watermark: the attribute that moves with each change; None where the store has none.
    :param older_watermark: what stands in for it on stores that cannot filter by it.
    :param costly: what the store computes at length, read only when asked for by name.
    :param apart: included lists that are read in requests of their own.
    :param batch: the store takes several at once (`update_list`).
    :param back_office: path of a record's page below the admin prefix, with `{id}`; the page of all records is the path above it
        (5.1 to 6.1).
    :param back_office_list: the path of a page that shows the records, where they have none of their own.
    :param edition: the edition of OroCommerce that has it, where not every one does.
    """

    type: str
    key: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    find: Find | None = None
    keys: Mapping[tuple[str, ...], Find] = field(default_factory=dict)
    key_folded: bool = False
    enforced: bool = False
    references: Mapping[str, Reference] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    compose: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    composed: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    sole: Callable[[Mapping[str, Any]], frozenset[str]] | None = None
    lone: frozenset[str] = frozenset()
    creatable: bool = True
    rehearsed: bool = False
    retire: Mapping[str, Any] = field(default_factory=dict)
    watermark: str | None = None
    older_watermark: str | None = None
    costly: frozenset[str] = frozenset()
    apart: Mapping[str, Apart] = field(default_factory=dict)
    batch: bool = False
    back_office: str | None = None
    back_office_list: str | None = None
    edition: str | None = None

    @property
    def shape(self) -> Shape:
        """Attributes and relationships by name; empty for an entity that only a user's store has."""
        return SHAPES.get(self.type) or Shape({}, {})

    @property
    def list_page(self) -> str | None:
        """The path of the page of all records below the admin prefix; None where the back office has none."""
        if self.back_office_list is None and self.back_office is not None:
            return self.back_office.removesuffix("view/{id}")
        return self.back_office_list

    def __str__(self) -> str:
        """What Airflow shows of an entity that is an operator's argument."""
        return self.type

    def attribute(self, row_field: str) -> str:
        """Return the attribute that a row's field means: itself, or its camel case where the store has that one."""
        return _attribute(self.shape, self.attributes, row_field)

    def keyed_by(self, key: tuple[str, ...]) -> Entity:
        """Return the entity with another of its keys; raise `ValueError` naming those that it has."""
        if key == self.key:
            return self
        if key not in self.keys:
            known = "; ".join(", ".join(names) for names in (self.key, *self.keys))
            raise ValueError(f"{self.type} cannot be found by {', '.join(key)}, only by: {known}")
        return replace(self, key=key, find=self.keys[key], key_folded=False)


Described: TypeAlias = "Entity | Part"


def files_of(described: Described) -> Mapping[str, File]:
    """Return the row's fields that are files; only parts have some."""
    return described.files if isinstance(described, Part) else {}


def _attribute(shape: Shape, names: Mapping[str, str], row_field: str) -> str:
    if row_field in names:
        return names[row_field]
    if row_field in shape.attributes:
        return row_field
    head, *rest = row_field.split("_")
    camel = head + "".join(word.capitalize() for word in rest)
    return camel if camel in shape.attributes else row_field
