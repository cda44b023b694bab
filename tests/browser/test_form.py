"""The connection's form in Airflow's UI, and its Test button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selenium.webdriver.common.keys import Keys

from oro_provider.connection import FIELDS

if TYPE_CHECKING:
    from demo.stack import AirflowStack
    from oro_provider.sandbox import RunningStore
    from tests.browser.page import Page

DIALOG = "//*[@role='dialog']"


def test_the_form_shows_every_field_of_ours(page: Page) -> None:
    page.go("/connections")
    page.find("//button[contains(., 'Add Connection')]").click()
    page.text_with("Connection Type", DIALOG)
    chooser = page.find("//input[@role='combobox']")
    chooser.send_keys("oro")
    page.find("//*[@role='option']")
    chooser.send_keys(Keys.ENTER)
    standard = page.text_with("Store URL", DIALOG)
    page.find(f"{DIALOG}//button[.='Extra Fields']").click()
    extras = [field.label for field in FIELDS if not field.column]
    extra = page.text_with(extras[-1], DIALOG)
    page.shoot("connection-form")
    assert [field.label for field in FIELDS if field.column and not field.hidden and field.label not in standard] == []
    assert [label for label in extras if label not in extra] == []


def test_the_test_button_tells_a_right_secret_from_a_wrong_one(
    page: Page, stack: AirflowStack, store: RunningStore
) -> None:
    for conn_id, colour in {"orocommerce_default": "green", "wrong_secret": "red"}.items():
        page.go("/connections")
        button = f"//tr[contains(., '{conn_id}')]//button[@aria-label='Test Connection']"
        page.find(button).click()
        page.find(f"{button}//*[@color='{colour}']")
    # What the page shows as a colour, the answer says in words.
    body = {"connection_id": "wrong_secret", "conn_type": "orocommerce"}
    said = stack.api.call("POST", "/connections/test", body=body)
    assert said["status"] is False
    assert "System > User Management > OAuth Applications" in said["message"]
