"""Extracts of a sandbox as a script runs them, and answers of it that a test changes on their way."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oro_provider.api.async_client import AsyncOroClient
from oro_provider.api.exchange import Response, Retries
from oro_provider.api.settings import Settings
from oro_provider.extract.reader import Destination, Extract, extract

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

    from oro_provider.api.exchange import Request
    from oro_provider.extract.files import Format
    from oro_provider.extract.manifest import Manifest
    from oro_provider.sandbox.server import RunningStore

QUICK = Retries(attempts=2, first_wait=0.01)


def settings(sandbox: RunningStore) -> Settings:
    return Settings(
        base_url=sandbox.url, client_id=sandbox.client_id, client_secret=sandbox.client_secret, page_size=20
    )


class Wrapped(AsyncOroClient):
    """A client that lets a test see each request, and change its answer."""

    change: Callable[[Request, Response], Response] = staticmethod(lambda request, response: response)

    async def _exchange(self, session: Any, request: Request) -> Any:
        answer = await super()._exchange(session, request)
        return type(self).change(request, answer) if isinstance(answer, Response) else answer


def at_most(rows: int) -> Callable[[Request, Response], Response]:
    """Answer as a store does that has a maximum of records for a page."""

    def change(request: Request, response: Response) -> Response:
        size = re.search(r'"size":"(\d+)"|page\[size\]=(\d+)', request.url + (request.body or b"").decode())
        if size is None or int(size[1] or size[2]) <= rows:
            return response
        said = {
            "status": "400",
            "title": "filter constraint",
            "detail": f"The value should be less than or equals to {rows}.",
            "source": {"parameter": "page[size]"},
        }
        return Response(400, {"content-type": "application/vnd.api+json"}, json.dumps({"errors": [said]}).encode())

    return change


def run(
    sandbox: RunningStore,
    folder: Path,
    spec: Extract,
    retries: Retries = QUICK,
    format: Format = "jsonl",  # noqa: A002
) -> Manifest:
    async def job(client: AsyncOroClient) -> Manifest:
        return await extract(client, spec, Destination(folder, uuid.uuid4().hex[:8], format=format))

    manifest: Manifest = with_client(sandbox, job, retries)
    return manifest


def with_client(
    sandbox: RunningStore, job: Callable[[AsyncOroClient], Awaitable[Any]], retries: Retries = QUICK
) -> Any:
    async def go() -> Any:
        async with Wrapped(settings(sandbox), retries=retries) as client:
            return await job(client)

    return asyncio.run(go())


def lines(manifest: Manifest) -> list[dict[str, Any]]:
    found = []
    for name in manifest["files"]:
        data = Path(name).read_bytes()
        found += [json.loads(line) for line in (gzip.decompress(data) if name.endswith(".gz") else data).splitlines()]
    return found


def changing(monkeypatch: pytest.MonkeyPatch, change: Callable[[Request, Response], Response]) -> None:
    monkeypatch.setattr(Wrapped, "change", staticmethod(change))
