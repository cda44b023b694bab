"""The compose file, without an engine: what it starts exists, what it names is shared, and its connection is one of ours."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema.validators import validator_for
from sqlalchemy import make_url

from oro_provider.connection import parse_connection

CHECKOUT = Path(__file__).resolve().parents[2]
MAIN = CHECKOUT / "docker-compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(MAIN.read_text())
FILES = [MAIN, *(CHECKOUT / path for path in COMPOSE["include"])]
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(request.param.read_text())
    return document


def test_it_is_valid_by_the_compose_specification(file: dict[str, Any]) -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    validator_for(schema, default=jsonschema.Draft7Validator)(schema).validate(file)


def test_what_a_service_waits_for_is_started_with_it(file: dict[str, Any]) -> None:
    services = file["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            needed = services[other]
            assert set(service.get("profiles", [])) <= set(needed.get("profiles", service.get("profiles", []))), name
            assert how.get("required", True) is False or "profiles" not in needed or "profiles" in service, name
            assert how["condition"] != "service_healthy" or "healthcheck" in needed, f"{name} waits for {other}"


def default_of(value: str) -> str:
    """Return what stands for `${NAME:-default}` where nothing is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_every_component_of_airflow_is_there_with_a_health_check() -> None:
    for name in COMPONENTS:
        assert SERVICES[name]["command"] == [name]
        assert SERVICES[name]["healthcheck"]["test"]
    for database in ("postgres", "warehouse"):
        assert SERVICES[database]["healthcheck"]["test"]


def test_all_components_share_their_secrets_and_files() -> None:
    shared = [SERVICES[name]["environment"] for name in COMPONENTS]
    assert all(environment == shared[0] for environment in shared)
    assert len(base64.urlsafe_b64decode(default_of(shared[0]["AIRFLOW__CORE__FERNET_KEY"]))) == 32
    assert len(default_of(shared[0]["AIRFLOW__API_AUTH__JWT_SECRET"])) >= 32
    for name in COMPONENTS:
        assert "data:/opt/airflow/data" in SERVICES[name]["volumes"]


def test_everything_waits_for_the_database_to_be_made() -> None:
    for name in COMPONENTS:
        assert SERVICES[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}
    assert SERVICES["init"]["depends_on"] == {
        name: {"condition": "service_healthy"} for name in ("postgres", "warehouse")
    }


def test_every_volume_is_declared(file: dict[str, Any]) -> None:
    named = {volume.split(":")[0] for service in file["services"].values() for volume in service.get("volumes", [])}
    assert {name for name in named if not name.startswith(".")} == file["volumes"].keys()


def test_celery_has_a_broker_and_two_workers_that_are_as_the_scheduler() -> None:
    scheduler, worker, redis = SERVICES["scheduler"], SERVICES["worker"], SERVICES["redis"]
    assert worker["profiles"] == redis["profiles"] == ["celery"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["environment"].items() >= scheduler["environment"].items()
    assert worker["volumes"] == scheduler["volumes"]
    assert worker["environment"]["AIRFLOW__CELERY__BROKER_URL"].startswith("redis://redis:")
    assert default_of(worker["environment"]["AIRFLOW__CORE__EXECUTOR"]) == "LocalExecutor"


def test_the_warehouse_is_the_database_that_the_examples_are_given() -> None:
    url = make_url(SERVICES["scheduler"]["environment"]["OROCOMMERCE_WAREHOUSE"])
    given = SERVICES["warehouse"]["environment"]
    assert (url.host, url.database) == ("warehouse", given["POSTGRES_DB"])
    assert (url.username, url.password) == (given["POSTGRES_USER"], given["POSTGRES_PASSWORD"])


def test_the_examples_read_and_write_below_the_volume_that_all_containers_share() -> None:
    given = SERVICES["scheduler"]["environment"]
    places = re.compile(r'os\.environ\.get\("(OROCOMMERCE_\w+)", "(?:sqlite:///)?/opt/airflow/')
    named = {name for dag in (CHECKOUT / "dags").glob("*.py") for name in places.findall(dag.read_text())}
    assert len(named) > 5
    elsewhere = {name for name in named if not str(given.get(name)).startswith(("/opt/airflow/data/", "postgresql"))}
    assert elsewhere == set()


def test_a_real_store_starts_by_its_profile_only() -> None:
    (other,) = FILES[1:]
    services = yaml.safe_load(other.read_text())["services"]
    assert all(set(service["profiles"]) <= {"orocommerce", "orocommerce-data"} for service in services.values())
    assert services.keys().isdisjoint(SERVICES)
    assert "orocommerce-consumer" in services


def test_the_connection_leads_to_the_store_of_the_file() -> None:
    text = SERVICES["scheduler"]["environment"]["AIRFLOW_CONN_OROCOMMERCE_DEFAULT"]
    given = json.loads(default_of(text))
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
