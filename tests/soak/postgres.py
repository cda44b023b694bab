"""A PostgreSQL of the test's own, from the binaries that the machine has: a cluster in a temporary folder, gone with the block."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "airflow"
# A crash of the machine may cost it all; nobody else is let in.
OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=200"


def binary(name: str) -> str:
    """Return the newest binary of this name; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"there is no {name}: install PostgreSQL (Debian's package postgresql)")
    return path


@contextmanager
def postgres(home: Path, *databases: str) -> Iterator[dict[str, str]]:
    """Run a PostgreSQL with these databases and yield the SQLAlchemy URL of each."""
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=home))
    # It refuses to run as root, and has a user of its own where it was installed.
    owner = "postgres" if os.geteuid() == 0 else None
    if owner:
        shutil.chown(folder, owner, owner)
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]

    def run(name: str, *arguments: str) -> None:
        command = [binary(name), *arguments]
        log = folder.with_suffix(".log")
        with log.open("a") as out:
            done = subprocess.run(command, cwd="/", user=owner, group=owner, stdout=out, stderr=out, check=False)
        assert done.returncode == 0, f"{' '.join(command)}:\n{log.read_text()[-3000:]}"

    data = str(folder / "data")
    try:
        run("initdb", "--pgdata", data, "--username", USER, "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        run(
            "pg_ctl",
            "start",
            "--pgdata",
            data,
            "--wait",
            "--log",
            str(folder / "server.log"),
            "-o",
            f"-p {port} {OPTIONS}",
        )
        try:
            for name in databases:
                run("createdb", "--host", "127.0.0.1", "--port", str(port), "--username", USER, name)
            yield {name: f"postgresql+psycopg2://{USER}@127.0.0.1:{port}/{name}" for name in databases}
        finally:
            run("pg_ctl", "stop", "--pgdata", data, "--mode", "immediate")
    finally:
        shutil.rmtree(folder)
        folder.with_suffix(".log").unlink(missing_ok=True)
