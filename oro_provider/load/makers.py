"""Making the records that rows name and the store lacks, where a task asks for it: a brand, a tax code, a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oro_provider.api.documents import Ref, linkage, resource_object
from oro_provider.api.errors import InvalidRequest, OutcomeUnknown
from oro_provider.load.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.api.documents import JsonObject
    from oro_provider.entities.model import Entity, Lookup
    from oro_provider.load.lookups import Resolver
    from oro_provider.load.mentions import Missing, Resolved
    from oro_provider.load.rows import Row


async def make_missing(
    client: AsyncOroClient,
    resolver: Resolver,
    entity: Entity,
    rows: Sequence[Row],
    resolved: Resolved,
    policy: Callable[[str], Missing],
) -> None:
    """Make what rows name at the fields whose policy is `create`, each once, and enter its id in `resolved`.

    What cannot be made of a name, or is refused by the store, stays a problem of the rows that name it.
    """
    for row in rows:
        for mention in mentions(entity, row.fields):
            if policy(mention.path) != "create" or mention.lookup.make is None or not resolved.is_absent(mention):
                continue
            name = mention.spelled(resolved.table)
            try:
                id_ = await _make(client, resolver, mention.lookup, mention.lookup.make, name)
            except InvalidRequest as error:
                said = "; ".join(map(str, error.errors)) or str(error)
                resolved.problems[mention.path][name] += f", and it refuses to make it: {said}"
            else:
                resolved.table[mention.path][name] = id_
                del resolved.problems[mention.path][name]
            resolved.absent[mention.path].discard(name)


async def _make(client: AsyncOroClient, resolver: Resolver, lookup: Lookup, attribute: str, name: str) -> str:
    known = await resolver.resolve(lookup, [name])
    if name in known.ids:  # made for another field just now
        return known.ids[name]
    data, included = _new_record(lookup, attribute, name)
    try:
        id_ = (await client.create(data, included)).resource.id
    except OutcomeUnknown:
        await resolver.refresh(lookup)
        found = await resolver.resolve(lookup, [name])
        if name not in found.ids:
            raise
        return found.ids[name]
    resolver.made(lookup, name, id_)
    return id_


def _new_record(lookup: Lookup, attribute: str, name: str) -> tuple[JsonObject, list[JsonObject]]:
    if attribute != "names":
        return resource_object(lookup.type, attributes={attribute: name}), []
    value = Ref("localizedfallbackvalues", "name")
    text = resource_object(
        value.type,
        value.id,
        attributes={"string": name, "fallback": None},
        relationships={"localization": linkage(None)},
    )
    return resource_object(lookup.type, relationships={"names": linkage((value,))}), [text]
