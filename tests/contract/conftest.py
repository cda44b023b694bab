"""Where the contract is checked: a sandbox of each version, or the real store that `ORO_TEST_URL` names.

`ORO_TEST_URL`, `ORO_TEST_CLIENT_ID`, `ORO_TEST_CLIENT_SECRET`, `ORO_TEST_VERSION` aim the suite at a real store; cases that write
there run only with `ORO_TEST_ALLOW_WRITES=<its host>`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from oro_provider.sandbox import running
from tests.contract.case import VERSIONS
from tests.contract.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = os.environ.get("ORO_TEST_URL")
TESTED = (os.environ.get("ORO_TEST_VERSION", "6.1"),) if REAL else VERSIONS


@pytest.fixture(scope="session")
def worlds() -> Iterator[dict[str, World]]:
    """The store of each version, started when it is first asked for."""
    if REAL:
        yield {
            TESTED[0]: World(REAL, TESTED[0], os.environ["ORO_TEST_CLIENT_ID"], os.environ["ORO_TEST_CLIENT_SECRET"])
        }
        return
    stores = [running(version=version, orders=30, search_delay=0.0) for version in VERSIONS]
    opened = {}
    try:
        for version, store in zip(VERSIONS, stores, strict=True):
            one = store.__enter__()
            opened[version] = World(one.url, version, one.client_id, one.client_secret)
        yield opened
    finally:
        for store in stores[: len(opened)]:
            store.__exit__(None, None, None)


def may_write() -> bool:
    """Whether records may be made in the store under test."""
    return not REAL or os.environ.get("ORO_TEST_ALLOW_WRITES") == urlsplit(REAL).hostname
