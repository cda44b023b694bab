"""The leading part of a record, such as a product's primary unit: it stays, since another one costs the old one's prices and stock.

Taking a unit away deletes them at once (5.1 to 7.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oro_provider.api.documents import Resource
    from oro_provider.load.desired import Node


def other_leader(node: Node) -> tuple[str, str] | None:
    """Return field and reason where a row names another leading part than the record has: a unit that is not the primary one."""
    assert node.record is not None  # noqa: S101 - the caller has it
    for name, children in node.parts.items():
        part = node.described.parts[name]
        if part.first is None:
            continue
        field_, relationship = part.first
        held = node.record.one(relationship)
        for child in children:
            if child.leading and held is not None and (child.record is None or child.record.ref != held):
                return field_, _leader_reason(node, name, child, held.id)
    return None


def _leader_reason(node: Node, name: str, child: Node, held: str) -> str:
    relationship = child.described.references[child.described.key[0]].relationship
    everything: list[Resource] = [*node.others.get(name, []), *(one.record for one in node.parts[name] if one.record)]
    current = next((one for one in everything if one.id == held), None)
    now = current.one(relationship) if current is not None else None
    target = child.linkages.get(relationship)
    return (
        f"is {getattr(target, 'id', None)!r}, but the record's unit is {now.id if now else None!r}: the primary unit stays, since "
        "changing it deletes the prices and the stock of the old one"
    )
