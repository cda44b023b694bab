"""The connection's form in Airflow's UI, and its Test button."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from oro_provider.capabilities import CAPABILITIES
from oro_provider.connection import FIELDS
from oro_provider.version_compat import RELEASE
from tests.browser.form import DIALOG, ConnectionForm, ShownField
from tests.browser.pictures import compare

if TYPE_CHECKING:
    from demo.stack import AirflowStack
    from oro_provider.connection import ConnectionField
    from oro_provider.sandbox import RunningStore
    from tests.browser.form import Kind
    from tests.browser.page import Page

DECLARED, HIDDEN = (CAPABILITIES[name].since <= RELEASE for name in ("declarative_form", "hidden_extras"))
STANDARD = [field for field in FIELDS if field.column and not field.hidden]
EXTRAS = [field for field in FIELDS if not field.column]


def kind_of(field: ConnectionField) -> Kind:
    """Return the kind of input that fits, or the text that an older Airflow has in its place."""
    schema: dict[str, Any] = field.kind.schema()
    if "enum" in schema:
        return "choice"
    if schema.get("format") == "password":
        return "password" if HIDDEN or field.column else "text"
    (type_, *_) = schema["type"]
    if type_ in {"number", "object"} and not DECLARED:
        return "text"
    kinds: dict[str, Kind] = {"integer": "number", "number": "number", "object": "json", "boolean": "switch"}
    return kinds.get(type_, "text")


def value_of(field: ConnectionField) -> str:
    """Return what the form is filled with."""
    default = field.form_default
    if isinstance(default, bool):
        return "on" if default else "off"
    if default is None:
        return "{}" if kind_of(field) == "json" else ""
    return str(default)


def expected(field: ConnectionField) -> ShownField:
    """Return how the form should show a field of ours: none is required, so that what is left empty has its default."""
    schema: dict[str, Any] = field.kind.schema()
    return ShownField(
        label=field.label,
        kind=kind_of(field),
        help=field.description,
        value=value_of(field),
        placeholder=field.placeholder or "",
        choices=tuple(schema.get("enum", ())),
    )


def test_airflows_own_fields_are_called_by_what_they_hold(page: Page) -> None:
    description, *shown = ConnectionForm(page).fields()
    assert description.label == "Description"
    by_label = {field.label: field for field in shown}
    assert by_label == {field.label: expected(field) for field in STANDARD}
    assert all(field.placeholder for field in shown)
    assert [field.label for field in shown if field.kind == "password"] == ["Client secret"]


def test_every_extra_has_its_label_help_kind_choices_and_default(page: Page) -> None:
    form = ConnectionForm(page)
    form.open_extras(EXTRAS[-1].label)
    shown = form.fields()
    assert shown == [expected(field) for field in EXTRAS]
    assert all(field.help for field in shown)
    (choice,) = [field for field in shown if field.kind == "choice"]
    assert (choice.value, choice.choices) == (
        "client_credentials",
        ("client_credentials", "authorization_code", "password"),
    )
    assert [field.label for field in shown if field.kind == "password"] == (["User password"] if HIDDEN else [])


@pytest.mark.capability("hidden_extras")
def test_the_docs_show_the_form(page: Page) -> None:
    """As the newest Airflow does: an older one has other kinds of input."""
    form = ConnectionForm(page)
    compare(page, "connection-form", _text(form), DIALOG, 900)
    form.open_extras(EXTRAS[-1].label)
    compare(page, "connection-form-extras", _text(form), DIALOG, 1030)


def _text(form: ConnectionForm) -> dict[str, object]:
    """What the open section shows, without what a field does not have."""
    fields = [{name: said for name, said in asdict(field).items() if said} for field in form.fields()]
    return {"section": form.section, "fields": fields}


def test_host_id_and_secret_are_enough(page: Page, stack: AirflowStack, store: RunningStore) -> None:
    save(page, "three_fields", store, {"Store URL": store.url})
    body = {"connection_id": "three_fields", "conn_type": "orocommerce"}
    said = stack.api.call("POST", "/connections/test", body=body)
    assert said == {"status": True, "message": f"Logged in to {store.url} and read from its API."}


def test_a_connection_with_its_port_can_be_tested_from_the_list(page: Page, store: RunningStore) -> None:
    address = urlsplit(store.url)
    save(page, "with_port", store, {"Store URL": f"{address.scheme}://{address.hostname}", "Port": str(address.port)})
    press_test(page, "with_port", "green")


def test_the_test_button_tells_a_right_secret_from_a_wrong_one(
    page: Page, stack: AirflowStack, store: RunningStore
) -> None:
    for conn_id, colour in {"orocommerce_default": "green", "wrong_secret": "red"}.items():
        press_test(page, conn_id, colour)
    # What the page shows as a colour, the answer says in words.
    body = {"connection_id": "wrong_secret", "conn_type": "orocommerce"}
    said = stack.api.call("POST", "/connections/test", body=body)
    assert said["status"] is False
    assert "System > User Management > OAuth Applications" in said["message"]


def save(page: Page, conn_id: str, store: RunningStore, place: dict[str, str]) -> None:
    """Fill in the form by hand, only what is needed, and save it."""
    form = ConnectionForm(page)
    login = {"Client ID": store.client_id, "Client secret": store.client_secret}
    for label, text in {"Connection ID": conn_id, **place, **login}.items():
        form.fill(label, text)
    form.save(conn_id)


def press_test(page: Page, conn_id: str, colour: str) -> None:
    """Press a connection's Test button in the list, and wait until it has this colour."""
    page.go("/connections")
    button = f"//tr[contains(., '{conn_id}')]//button[@aria-label='Test Connection']"
    page.find(button).click()
    page.find(f"{button}//*[@color='{colour}']")
