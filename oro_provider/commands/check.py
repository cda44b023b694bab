"""`check`: what is wrong with a connection, as a table for people or JSON for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from oro_provider.hooks.orocommerce import OroCommerceHook

if TYPE_CHECKING:
    import argparse
    from typing import TextIO


def check(args: argparse.Namespace, results: TextIO) -> int:
    """Print the diagnosis; 1 where something failed."""
    diagnosis = OroCommerceHook(args.conn_id).diagnose(consumers=args.consumers, writes=args.writes)
    text = json.dumps(diagnosis.as_json(), indent=2) if args.json else diagnosis.table()
    results.write(f"{text}\n")
    return 0 if diagnosis.ok else 1
