"""A process that loads what its input says into a store, to be killed: `python -m tests.soak.loading_process < job`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.exchange import Retries
from oro_provider.api.settings import Settings
from oro_provider.entities import entity_of
from oro_provider.load.apply import ApplyOptions
from oro_provider.load.load import load
from oro_provider.load.run import Load


async def work(job: dict[str, Any]) -> dict[str, Any]:
    """Load every entity of the job in turn, each with its journal."""
    outcomes: dict[str, Any] = {}
    async with AsyncOroClient(Settings(**job["settings"]), retries=Retries(first_wait=0.02)) as client:
        for entity, rows in job["loads"].items():
            spec = Load(
                entity_of(entity),
                rows,
                work=Path(job["work"]) / entity,
                apply=ApplyOptions(poll_interval=0.05, lost_answer_wait=1.0, operation_deadline=60.0),
            )
            outcome, rejects = await load(client, spec)
            outcomes[entity] = {**outcome, "refused": [str(reject) for reject in rejects]}
    return outcomes


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(work(json.load(sys.stdin)))))
