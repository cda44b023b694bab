"""The environment of a private Airflow: free ports, generated secrets, quick loops, and every path below one home.

Nothing of the caller's own Airflow gets in, and no place outside the checkout is written to.
"""

from __future__ import annotations

import base64
import os
import secrets
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).resolve().parents[1]
FOREIGN = (
    "AIRFLOW",
    "OROCOMMERCE_",
    "PYTEST_",
    "PYTHONDONTWRITEBYTECODE",
    "XDG_",
)  # the caller's variables that are not passed on


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the API server and of the two log servers; Airflow's own defaults are fixed, and often taken."""

    api: int
    worker_logs: int
    trigger_logs: int

    @classmethod
    def free(cls) -> Ports:
        """Three ports that were free just now; held together while they are chosen, so they differ."""
        with ExitStack() as held:
            taken = [held.enter_context(socket.create_server(("", 0))) for _ in range(3)]
            return cls(*(listener.getsockname()[1] for listener in taken))


def plain(home: Path) -> dict[str, str]:
    """The caller's environment without its Airflow and with home, caches and temporary files below `home`.

    Bytecode goes to one cache of the checkout, so that the next Airflow starts from it.
    """
    personal = home / "home"
    scratch = home / "tmp"
    for folder in (personal, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {
        **inherited,
        "HOME": str(personal),
        "TMPDIR": str(scratch),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(CHECKOUT / "demo" / "config")]),
        "PYTHONPYCACHEPREFIX": os.environ.get("PYTHONPYCACHEPREFIX", str(CHECKOUT / ".cache" / "pycache")),
        "PYTHONUNBUFFERED": "1",
        # All talk is on this machine, whatever proxy the caller has.
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        # setproctitle would write its title over the environment in which `processes.marked` looks for the home.
        "SPT_NOENV": "1",
    }


def airflow(home: Path, dags_folder: Path, ports: Ports, database: str, own: Mapping[str, str]) -> dict[str, str]:
    """The environment of all four components and of the CLI; what the caller gives as `own` comes last."""
    origin = f"http://127.0.0.1:{ports.api}"
    options = {
        "CORE__DAGS_FOLDER": str(dags_folder),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
        "CORE__PARALLELISM": "4",  # also the number of workers, which are started in advance
        # The two belong together: tasks call 8080 otherwise.
        "API__PORT": str(ports.api),
        "CORE__EXECUTION_API_SERVER_URL": f"{origin}/execution/",
        "API__BASE_URL": origin,
        "API__HOST": "127.0.0.1",  # who reaches it is an admin
        "API__WORKERS": "1",
        "API__SECRET_KEY": secrets.token_hex(32),
        "API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "DATABASE__SQL_ALCHEMY_CONN": database,
        "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "LOGGING__COLORED_CONSOLE_LOG": "False",
        "LOGGING__WORKER_LOG_SERVER_PORT": str(ports.worker_logs),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports.trigger_logs),
        "OPERATORS__DEFAULT_DEFERRABLE": "True",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        "WORKERS__EXECUTION_API_TIMEOUT": "60",  # the first call builds the API, which takes a busy machine long
    }
    return {
        **plain(home),
        "AIRFLOW_HOME": str(home),
        **{f"AIRFLOW__{name}": value for name, value in options.items()},
        **own,
    }
