"""Flat records from resource objects: attributes by name, references as ids, what was included nested in its place.

`{"id": "7", "identifier": "SO-7", "totalValue": "26.0000", "customer": "3", "lineItems": [{"id": "9", ...}]}`. Values stay as
the store sent them: money is a string from end to end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from oro_provider.api.documents import Ref, Resource
from oro_provider.api.errors import UnexpectedAnswer, plain
from oro_provider.entities.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from oro_provider.entities.shapes import Shape

IncludeTree: TypeAlias = "dict[str, IncludeTree]"
Record: TypeAlias = dict[str, Any]


def include_tree(paths: Iterable[str]) -> IncludeTree:
    """Return dotted paths as a tree: `["lineItems.product"]` -> `{"lineItems": {"product": {}}}`."""
    tree: IncludeTree = {}
    for path in paths:
        place = tree
        for name in path.split("."):
            place = place.setdefault(name, {})
    return tree


def include_paths(tree: IncludeTree) -> list[str]:
    """Return the same as the store wants it: each path's parents before it."""
    paths = []
    for name, below in tree.items():
        paths.append(name)
        paths.extend(f"{name}.{path}" for path in include_paths(below))
    return paths


def sparse_fields(
    type_: str, shape: Shape, tree: IncludeTree, costly: frozenset[str], more: Iterable[str] = ()
) -> dict[str, list[str]]:
    """Return what to ask of each type: its attributes, its to-one references, what is included, and `more`.

    To-many references come only where they are included or named: each costs the store a query a page. Raise `ValueError`
    for an include that the resource does not have, since a store ignores it in silence.
    """
    names = [*shape.attributes, *(name for name, to in shape.relationships.items() if not to.many)]
    fields: dict[str, list[str]] = {}
    wanted = [name for name in dict.fromkeys(names) if name not in costly]
    fields[type_] = list(dict.fromkeys([*wanted, *tree, *more]))
    for name, below in tree.items():
        if name not in shape.relationships:
            raise ValueError(
                f"{type_} has no relationship {name!r}; there are {', '.join(sorted(shape.relationships))}"
            )
        target = shape.relationships[name].type
        if target in SHAPES:
            for below_type, below_names in sparse_fields(target, SHAPES[target], below, frozenset()).items():
                fields[below_type] = list(dict.fromkeys([*fields.get(below_type, []), *below_names]))
    return fields


def check_delivered(resource: Resource, include: Iterable[str], fields: Mapping[str, Iterable[str]]) -> None:
    """As `check_members`, for a resource that these includes and fields were asked of."""
    asked = {*(path.partition(".")[0] for path in include), *fields.get(resource.type, ())}
    check_members(resource.type, asked, {"id", *resource.attributes, *resource.relationships})


def check_members(type_: str, asked: AbstractSet[str], came: AbstractSet[str]) -> None:
    """Raise `ValueError` for what was asked by name and did not come: what a store does not know it ignores in silence."""
    absent = asked - came
    if absent:
        raise ValueError(
            f"this store's {plain(type_)} have no {', '.join(sorted(absent))}: leave it out of `include` and `fields` (what a store "
            "does not know it ignores in silence)"
        )


def flat_record(resource: Resource, included: Mapping[Ref, Resource], tree: IncludeTree) -> Record:
    """Return a resource as a flat record, with what the tree names nested in it."""
    record: Record = {"id": resource.id, **resource.attributes}
    for name, target in resource.relationships.items():
        below = tree.get(name)
        if isinstance(target, Ref):
            record[name] = _nested(target, included, below)
        elif target is None:
            record[name] = None
        else:
            record[name] = [_nested(ref, included, below) for ref in target]
    return record


def _nested(ref: Ref, included: Mapping[Ref, Resource], below: IncludeTree | None) -> str | Record:
    if below is None:
        return ref.id
    resource = included.get(ref)
    if resource is None:
        raise UnexpectedAnswer(f"The store did not send {plain(ref.type)} {plain(ref.id)}, which the page refers to.")
    return flat_record(resource, included, below)
