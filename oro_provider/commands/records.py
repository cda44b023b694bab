"""`entities` and `get`: what the provider knows of a store's resources, and what a store holds."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from oro_provider.entities import ENTITIES
from oro_provider.hooks.orocommerce import OroCommerceHook

if TYPE_CHECKING:
    import argparse
    from typing import TextIO


def entities(args: argparse.Namespace, results: TextIO) -> int:
    """Print each entity with its key, its watermark and how it is written."""
    rows: list[dict[str, str]] = [
        {
            "entity": entity.type,
            "key": ", ".join(entity.key),
            "watermark": entity.watermark or "",
            "batch": "yes" if entity.batch else "no",
            "references": ", ".join(sorted(entity.references)),
        }
        for entity in ENTITIES.values()
    ]
    if args.json:
        results.write(f"{json.dumps(rows, indent=2)}\n")
        return 0
    for row in rows:
        results.write(f"{row['entity']}\n")
        for name in ("key", "watermark", "batch", "references"):
            if row[name]:
                results.write(f"  {name:<11}{row[name]}\n")
    return 0


def get(args: argparse.Namespace, results: TextIO) -> int:
    """Print one record, or the first ones of a list: a JSON object a line."""
    if args.id is not None and args.filter:
        raise ValueError("give an id or filters: filters are for a list")
    hook = OroCommerceHook(args.conn_id)
    fields = {args.resource: args.fields} if args.fields else None
    if args.id is not None:
        records = iter([hook.get(args.resource, args.id, include=args.include, fields=fields)])
    else:
        size = min(args.limit, hook.settings.page_size)
        listed = hook.list(
            args.resource, filters=dict(args.filter), include=args.include, fields=fields, page_size=size
        )
        records = islice(listed, args.limit)
    for record in records:
        results.write(f"{json.dumps(record, default=str)}\n")
    return 0
