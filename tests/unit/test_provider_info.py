"""What Airflow is told of the provider, and what the connection's form is made of from it."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import airflow
import jsonschema
import pytest
from airflow.sdk import BaseHook

from oro_provider import __version__, connection
from oro_provider.get_provider_info import get_provider_info
from oro_provider.version_compat import AIRFLOW_V_3_2_PLUS

if TYPE_CHECKING:
    from collections.abc import Iterator

AIRFLOW = Path(airflow.__file__).parent
EXTRAS = {known.name: known for known in connection.FIELDS if not known.column}


def schema(name: str) -> Any:
    return json.loads((AIRFLOW / name).read_text())


class TestMetadata:
    def test_is_what_airflow_demands_of_every_provider(self):
        jsonschema.validate(get_provider_info(), schema("provider_info.schema.json"))

    @pytest.mark.capability("declarative_form")
    def test_holds_a_form_that_airflow_can_read(self):
        # Airflow does not check this part when it runs; the schema that has it asks for two keys of its own release process.
        described = get_provider_info() | {"state": "ready", "source-date-epoch": 0}
        jsonschema.validate(described, schema("provider.yaml.schema.json"))

    def test_is_plain_json(self):
        assert json.loads(json.dumps(get_provider_info())) == get_provider_info()

    def test_names_the_distribution_and_its_version(self):
        info = get_provider_info()
        assert info["versions"] == [__version__]
        assert importlib.metadata.version(str(info["package-name"])) == __version__

    def test_every_module_lies_in_the_package(self):
        info: dict[str, Any] = get_provider_info()
        for room in ("hooks", "operators", "sensors", "triggers"):
            for entry in info[room]:
                assert all(name.startswith(f"oro_provider.{room}.") for name in entry["python-modules"])

    def test_needs_nothing_but_the_standard_library(self):
        code = (
            "import sys; before = set(sys.modules)\n"
            "from oro_provider.get_provider_info import get_provider_info; get_provider_info()\n"
            "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
        )
        root = Path(connection.__file__).parent.parent
        # -S: without site-packages, where a third party's module could not even be found.
        done = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True)
        assert set(ast.literal_eval(done.stdout)) - sys.stdlib_module_names == {"oro_provider"}


class TestForm:
    def test_no_field_is_required(self):
        fields: dict[str, Any] = connection.conn_fields()
        assert [name for name, described in fields.items() if "null" not in described["schema"]["type"]] == []

    def test_secrets_have_names_that_airflow_masks(self):
        from airflow._shared.secrets_masker import should_hide_value_for_key

        hidden = {name for name in EXTRAS if should_hide_value_for_key(name)}
        passwords = {name for name, known in EXTRAS.items() if known.kind.schema().get("format") == "password"}
        assert passwords == {"user_password"}
        assert passwords <= hidden

    def test_says_what_each_field_is_for(self):
        assert all(known.label and known.description.endswith((".", "}.", "].")) for known in EXTRAS.values())

    def test_the_older_form_has_the_shape_that_airflow_demands(self):
        jsonschema.validate(connection.ui_field_behaviour(), schema("customized_form_field_behaviours.schema.json"))


class Hook(BaseHook):
    """Stands for the hook class, of which Airflow 3.1 asks the form."""

    conn_name_attr = "orocommerce_conn_id"
    conn_type = connection.CONNECTION_TYPE
    hook_name = connection.HOOK_NAME

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        return connection.connection_form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        return connection.ui_field_behaviour()


DECLARED = pytest.param(True, id="declared", marks=pytest.mark.capability("declarative_form"))
# What 3.1's API server does for each of its answers. 3.2+ can still be made to, so the older form is tested there too.
ASKED = pytest.param(
    False,
    id="asked of the hook",
    marks=[
        pytest.mark.filterwarnings("ignore::DeprecationWarning"),
        pytest.mark.filterwarnings("ignore:ProvidersManager.hooks"),
    ],
)


@pytest.fixture(params=[DECLARED, ASKED])
def declared(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def form(monkeypatch: pytest.MonkeyPatch, declared: bool) -> Iterator[Any]:
    """What the API server answers about our connection type, from this checkout whether it is installed or not."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
    from airflow.providers_manager import ProviderInfo, ProvidersManager

    info: dict[str, Any] = get_provider_info()
    described_type = info["connection-types"][0]
    described_type["hook-class-name"] = f"{__name__}.Hook"
    if not declared:
        del described_type["conn-fields"], described_type["ui-field-behaviour"]

    def only_this_one(manager: Any) -> None:
        manager._provider_dict[info["package-name"]] = ProviderInfo(__version__, info)

    # Another instance than the one of other tests: 3.1 keeps its single one in the metaclass, 3.2+ in the class.
    if AIRFLOW_V_3_2_PLUS:
        monkeypatch.setattr(ProvidersManager, "_instance", None)
        monkeypatch.setattr(ProvidersManager, "_initialized", False)
    else:
        monkeypatch.setattr(type(ProvidersManager), "_instances", {})
    monkeypatch.setattr(ProvidersManager, "initialize_providers_list", only_this_one)
    if declared:
        (ours,) = [one for one in HookMetaService.hook_meta_data.__wrapped__() if one.connection_type == "orocommerce"]
        yield ours
    else:
        _, widgets, behaviours = HookMetaService._get_hooks_with_mocked_fab()
        yield SimpleNamespace(
            extra_fields=HookMetaService._convert_extra_fields(widgets)["orocommerce"],
            standard_fields=HookMetaService._make_standard_fields(behaviours["orocommerce"]),
        )
    # The service leaves its stand-ins for packages that are not there.
    for name in [name for name, module in sys.modules.items() if isinstance(module, Mock)]:
        del sys.modules[name]


class TestFormOfTheApiServer:
    @pytest.mark.parametrize("declared", [DECLARED], indirect=True)
    def test_names_the_type(self, form: Any):
        assert form.hook_name == "OroCommerce"

    def test_shows_every_extra_with_its_label_default_and_words(self, form: Any):
        assert list(form.extra_fields) == list(EXTRAS)
        for name, shown in form.extra_fields.items():
            known = EXTRAS[name]
            assert shown["schema"]["title"] == known.label
            assert shown["description"] == known.description
            default = None if name == "token_path" else known.default  # Airflow would show, and then save, `***`
            assert shown["value"] in {default, str(default)}

    def test_gives_each_extra_its_kind_of_input(self, form: Any, declared: bool):
        schemas = {name: shown["schema"] for name, shown in form.extra_fields.items()}
        # On Python 3.10 the API server's stand-ins for wtforms do not reach the validators: the choice is a text there.
        if declared or sys.version_info >= (3, 11):
            assert schemas["grant_type"]["enum"] == ["client_credentials", "authorization_code", "password"]
        assert schemas["user_password"]["format"] == "password"
        assert schemas["verify"]["type"] == ["boolean", "null"]
        assert schemas["page_size"]["type"] == ["integer", "null"]
        # The hook's form has no input for numbers with a fraction and for objects.
        assert schemas["read_timeout"]["type"] == ["number" if declared else "string", "null"]
        assert schemas["proxies"]["type"] == ["object" if declared else "string", "null"]

    def test_calls_airflows_own_fields_by_what_they_hold(self, form: Any):
        fields = form.standard_fields
        assert (fields.host.title, fields.host.placeholder) == ("Store URL", "https://shop.example.com")
        assert (fields.port.title, fields.port.placeholder) == ("Port", "443")
        assert (fields.login.title, fields.password.title) == ("Client ID", "Client secret")
        assert fields.url_schema.hidden

    def test_what_it_shows_is_what_the_connection_reads(self, form: Any):
        conn = SimpleNamespace(
            conn_id="x",
            host="shop.example.com",
            login="id",
            password="secret",
            schema=None,
            port=None,
            extra_dejson={name: shown["value"] for name, shown in form.extra_fields.items()},
        )
        untouched = SimpleNamespace(**{**vars(conn), "extra_dejson": {}})
        assert connection.parse_connection(conn) == connection.parse_connection(untouched)
