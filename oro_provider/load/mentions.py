"""Which names rows mention, and their ids: collected over all rows, asked for once, kept by field and name."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from oro_provider.entities.lookups import LOCALIZATIONS
from oro_provider.load.rows import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from oro_provider.entities.model import Described, Entity, Lookup
    from oro_provider.load.lookups import Resolver
    from oro_provider.load.rows import Fields, Row

# Ids by name, by the row's field: {"tax_code": {"TAXABLE": "3"}}. What `OroCommerceResolveLookupsOperator` gives and upserts
# take. A name within a scope stands behind it: {"region": {"US / California": "US-CA"}}.
LookupTable: TypeAlias = dict[str, dict[str, str]]

# What becomes of a row with a name that the store does not have.
Missing = Literal["reject", "fail", "null", "create"]
MISSING: tuple[Missing, ...] = ("reject", "fail", "null", "create")

LANGUAGE = "localization"


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at a field of a row. `scope` is the field's scope as the row has it, itself a name until it is resolved."""

    path: str
    lookup: Lookup
    name: str
    shown: str
    scope_path: str | None = None
    scope_name: str | None = None

    def spelled(self, table: Mapping[str, Mapping[str, str]]) -> str:
        """Return the name as it is looked up: behind the id of its scope, if it has one."""
        if self.scope_path is None or self.scope_name is None:
            return self.name
        within = table.get(self.scope_path, {}).get(self.scope_name)
        return f"{within} / {self.name}" if within else self.name


@dataclass(slots=True)
class Resolved:
    """The ids of what rows mention, and the problems of the names that have none, by path and spelled name."""

    table: LookupTable = field(default_factory=dict)
    problems: dict[str, dict[str, str]] = field(default_factory=dict)
    absent: dict[str, set[str]] = field(default_factory=dict)

    def id(self, mention: Mention) -> str | None:
        """Return the id of what is mentioned, or None where it has none."""
        return self.table.get(mention.path, {}).get(mention.spelled(self.table))

    def problem(self, mention: Mention) -> str | None:
        """Return why a mention has no id, or None where it has one."""
        return self.problems.get(mention.path, {}).get(mention.spelled(self.table))

    def is_absent(self, mention: Mention) -> bool:
        """Whether the store does not have what is mentioned, rather than several of it."""
        return mention.spelled(self.table) in self.absent.get(mention.path, set())


def mentions(described: Described, fields: Fields) -> Iterator[Mention]:
    """Yield the names that a row mentions, its parts' included."""
    for name in fields.references:
        yield from reference_mentions(described, fields, name)
    for name, texts in fields.texts.items():
        for language in texts:
            if language != DEFAULT:
                yield Mention(LANGUAGE, LOCALIZATIONS, language, f"{fields.prefix}{name}.{language}")
    for name, parts in fields.parts.items():
        for part in parts:
            yield from mentions(described.parts[name], part)


def reference_mentions(described: Described, fields: Fields, name: str) -> Iterator[Mention]:
    """Yield the names at one field of a row."""
    reference = described.references[name]
    scope = fields.references.get(reference.scope) if reference.scope else None
    scope_name = scope if isinstance(scope, str) else None
    scope_path = f"{fields.prefix}{reference.scope}" if scope_name is not None else None
    path = fields.prefix + name
    value = fields.references.get(name)
    for one in value if isinstance(value, tuple) else (value,):
        if one is not None:
            yield Mention(path, reference.lookup, one, path, scope_path, scope_name)


def default_mentions(described: Described, prefix: str = "") -> Iterator[Mention]:
    """Yield the names that a new record gets where a row is silent."""
    for name in described.references.keys() & described.defaults.keys():
        yield Mention(prefix + name, described.references[name].lookup, str(described.defaults[name]), prefix + name)


async def resolve_rows(
    resolver: Resolver, entity: Entity, rows: Iterable[Row], known: Mapping[str, Mapping[str, str]] | None = None
) -> Resolved:
    """Return the ids of every name in these rows, and of those that a new record gets by default.

    `known` are ids that were resolved before; they are not asked for again.
    """
    all_ = dict.fromkeys(mention for row in rows for mention in mentions(entity, row.fields))
    all_ |= dict.fromkeys(default_mentions(entity))
    resolved = Resolved()
    # What names a scope first, then what is named within one.
    await _resolve(resolver, [one for one in all_ if one.scope_path is None], resolved, known or {})
    await _resolve(resolver, [one for one in all_ if one.scope_path is not None], resolved, known or {})
    return resolved


async def _resolve(
    resolver: Resolver, wanted: Iterable[Mention], resolved: Resolved, known: Mapping[str, Mapping[str, str]]
) -> None:
    by_lookup: dict[Lookup, dict[str, set[str]]] = {}
    for mention in wanted:
        spelled = mention.spelled(resolved.table)
        before = known.get(mention.path, {}).get(spelled)
        ids = resolved.table.setdefault(mention.path, {})
        if before is not None:
            ids[spelled] = before
        else:
            by_lookup.setdefault(mention.lookup, {}).setdefault(spelled, set()).add(mention.path)
    # Side by side: a store answers several small lists in the time of one.
    every = await asyncio.gather(
        *(resolver.resolve(lookup, by_lookup[lookup]) for lookup in by_lookup), return_exceptions=True
    )
    for names, found in zip(by_lookup.values(), every, strict=True):
        if isinstance(found, BaseException):
            raise found
        for name, paths in names.items():
            for path in paths:
                if name in found.ids:
                    resolved.table[path][name] = found.ids[name]
                else:
                    resolved.problems.setdefault(path, {})[name] = found.problems[name]
                    if name in found.absent:
                        resolved.absent.setdefault(path, set()).add(name)
