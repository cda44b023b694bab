"""The compose file, without an engine: what it starts exists, what it names is shared, and its connection is one of ours."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from oro_provider.connection import parse_connection

CHECKOUT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")


def default_of(value: str) -> str:
    """Return what stands for `${NAME:-default}` where nothing is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_every_component_of_airflow_is_there_with_a_health_check() -> None:
    for name in COMPONENTS:
        assert SERVICES[name]["command"] == [name]
        assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES["postgres"]["healthcheck"]["test"]


def test_all_components_share_their_secrets_and_files() -> None:
    shared = [SERVICES[name]["environment"] for name in COMPONENTS]
    assert all(environment == shared[0] for environment in shared)
    assert len(base64.urlsafe_b64decode(default_of(shared[0]["AIRFLOW__CORE__FERNET_KEY"]))) == 32
    assert len(default_of(shared[0]["AIRFLOW__API_AUTH__JWT_SECRET"])) >= 32
    for name in COMPONENTS:
        assert "data:/opt/airflow/data" in SERVICES[name]["volumes"]


def test_everything_waits_for_the_database_to_be_made() -> None:
    for name in COMPONENTS:
        assert SERVICES[name]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}
    assert SERVICES["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_every_volume_is_declared() -> None:
    named = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in named if not name.startswith(".")} == COMPOSE["volumes"].keys()


def test_the_connection_leads_to_the_store_of_the_file() -> None:
    text = SERVICES["scheduler"]["environment"]["AIRFLOW_CONN_OROCOMMERCE_DEFAULT"]
    given = json.loads(text)
    columns = dict.fromkeys(("schema", "port"))
    connection: Any = SimpleNamespace(conn_id="x", extra_dejson=given.pop("extra"), **columns, **given)
    settings = parse_connection(connection)
    port = SERVICES["store"]["command"][SERVICES["store"]["command"].index("--port") + 1]
    assert settings.base_url == f"http://store:{port}"


def test_the_stores_command_line_is_understood() -> None:
    command = [*SERVICES["store"]["entrypoint"], *SERVICES["store"]["command"], "--help"]
    assert command[0] == "python"
    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["pyproject.toml", "README.md", "LICENSE", "oro_provider"])
def test_what_the_image_copies_is_there_and_not_ignored(path: str) -> None:
    assert (CHECKOUT / path).exists()
    assert f"!{path}" in (CHECKOUT / ".dockerignore").read_text().splitlines()
    assert path in (CHECKOUT / "Dockerfile").read_text()
