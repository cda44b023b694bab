"""The README's way, gone word by word: from a checkout with nothing in it to the reader's own DAG and yesterday's orders."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.store import StoreReader
from oro_provider.entities.products import PRODUCTS
from oro_provider.load.rows import read_row
from tests.docs import python_blocks
from tests.docs.pages import ROOT, Block, blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS = blocks_of(ROOT / "README.md")
SAVED_AS = re.compile(r"Save this as `([^`]+)`:\s*$")


def script(blocks: list[Block]) -> str:
    """Return what a reader does: the commands in their order, and the files where the text says to save them."""
    lines = ["set -e"]
    for block in blocks:
        if block.language == "bash":
            lines.append(block.text)
        elif saved := SAVED_AS.search(block.before):
            lines += [f"mkdir -p $(dirname {saved[1]})", f"cat > {saved[1]} <<'END OF FILE'\n{block.text}END OF FILE"]
    return "\n".join(lines)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh checkout."""
    folder = tmp_path / "checkout"
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in files.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)  # as old as it is: the search for secrets is about what is written
    return folder


@contextmanager
def walked(checkout: Path, port: int, lake: Path, pythonpath: str) -> Iterator[str]:
    """Go the way in this checkout; give what a reader sees. What runs in the background goes on until the end of the block."""
    way = script(BLOCKS).replace("9000", str(port)).replace("/tmp/orocommerce", str(lake))
    output = checkout.parent / "output.txt"
    own = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name and not name.startswith("MAKE")}
    env = {**own, "PYTHONPATH": pythonpath, "VENV": ".venv"}  # and not that of a `make` around these tests
    with output.open("w") as file:
        shell = subprocess.Popen(
            ["bash", "-c", way],
            cwd=checkout,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            assert shell.wait() == 0, output.read_text()[-6000:]
            yield output.read_text()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def check_orders(text: str, lake: Path, port: int) -> None:
    """What the reader's DAG read are the orders that were changed yesterday."""
    (path,) = lake.rglob("manifest.json")
    manifest: dict[str, Any] = json.loads(path.read_text())
    since, until = manifest["since"], manifest["until"]
    store = StoreReader(f"http://127.0.0.1:{port}", "sandbox-client", "sandbox-secret")
    wanted = {
        order["id"]
        for order in store.read("orders").data
        if since <= order["attributes"]["updatedAt"].replace("Z", "+00:00") < until
    }
    found = {json.loads(line)["id"] for name in manifest["files"] for line in Path(name).read_bytes().splitlines()}
    assert found == wanted
    assert len(found) > 0
    assert f"{len(found)} orders in ['{lake}/orders/" in text
    assert "\nfailed " not in text, "check found something"


@pytest.mark.timeout(420)
def test_the_way_leads_to_a_dag_of_ones_own_and_yesterdays_orders(checkout: Path, tmp_path: Path) -> None:
    """With the environment of these tests in place of the one that `make venv` would install."""
    port, lake = free_port(), tmp_path / "lake"
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "bin").symlink_to(Path(sys.prefix) / "bin")
    (checkout / ".venv" / ".ready").touch()
    with walked(checkout, port, lake, pythonpath=str(checkout)) as text:
        check_orders(text, lake, port)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_way_takes_less_than_ten_minutes_from_nothing(checkout: Path, tmp_path: Path) -> None:
    port, lake, began = free_port(), tmp_path / "lake", time.monotonic()
    with walked(checkout, port, lake, pythonpath="") as text:
        seconds = time.monotonic() - began
        check_orders(text, lake, port)
    assert seconds < 600
    for installed in (".venv", ".cache"):  # the README is among it, with the sandbox's secret
        shutil.rmtree(checkout / installed)


def test_the_rows_of_the_upsert_are_understood() -> None:
    block = next(block for block in BLOCKS if "OroCommerceUpsertProductsOperator" in block.text)
    scope = python_blocks.run(block.text, str(block))
    assert [read_row(PRODUCTS, 1, record).key for record in scope["products"].records] == [("a-1",)]
