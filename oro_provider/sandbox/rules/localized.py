"""Texts in several languages: a new record gets one for the default and for each localization, whatever its request names."""

# ruff: noqa: S608 - identifiers come from the shapes, values are bound

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.entities.shapes import SHAPES
from oro_provider.sandbox.drafts import Draft, row_of
from oro_provider.sandbox.storage import link_of, quoted

if TYPE_CHECKING:
    from oro_provider.sandbox.writing import Writer

_PAGE_TEXTS = ("slugPrototypes", "metaTitles", "metaDescriptions", "metaKeywords")
_COMPLETED = {
    "products": ("names", "descriptions", "shortDescriptions", *_PAGE_TEXTS),
    "brands": ("names", "descriptions", "shortDescriptions", *_PAGE_TEXTS),
    "productkititems": ("labels",),
}


def reserve_texts(writer: Writer, draft: Draft) -> None:
    """Number the texts that the store adds before those of the request: `names[0]` is not the default name."""
    if draft.update:
        return
    localizations = [row[0] for row in writer.connection.execute('SELECT "id" FROM localizations ORDER BY "id"')]
    for relation in _COMPLETED[draft.type]:
        type_ = SHAPES[draft.type].relationships[relation].type
        given = [_localization(writer, type_, one) for one in draft.many.get(relation, ())]
        missing = [one for one in (*localizations, None) if one not in given]
        draft.added[relation] = [(writer.numbers.new(type_), one) for one in missing]


def _localization(writer: Writer, type_: str, one: Any) -> Any:
    values = one.values if isinstance(one, Draft) else row_of(writer.connection, type_, one) or {}
    return values.get("localization")


def add_texts(writer: Writer, draft: Draft, slug: str | None = None) -> None:
    """Write the texts that the store adds: those of a localization fall back, the default one is empty but for a slug."""
    parents = dict(writer.connection.execute('SELECT "id", "parentLocalization" FROM localizations'))
    for relation, added in draft.added.items():
        to = SHAPES[draft.type].relationships[relation]
        link = link_of(draft.type, relation, to)
        assert link is not None  # noqa: S101 - texts are stored
        owner = {} if link.join else {link.own: draft.id}
        for one, place in added:
            parent = "parent_localization" if parents.get(place) is not None else "system"
            values = {"id": one, "localization": place, "fallback": None if place is None else parent, **owner}
            if relation == "slugPrototypes" and place is None:
                values["string"] = slug
            columns, marks = ", ".join(map(quoted, values)), ", ".join("?" * len(values))
            writer.connection.execute(
                f"INSERT INTO {quoted(to.type)} ({columns}) VALUES ({marks})", tuple(values.values())
            )
        if link.join:
            statement = f"INSERT INTO {quoted(link.table)} ({quoted(link.own)}, {quoted(link.other)}) VALUES (?, ?)"
            writer.connection.executemany(statement, [(draft.id, one) for one, _ in added])
