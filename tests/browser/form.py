"""Airflow's form of a new connection: what it shows of each field, and how a person fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    from selenium.webdriver.remote.webelement import WebElement

    from tests.browser.page import Page

Kind = Literal["text", "password", "number", "switch", "choice", "json"]

DIALOG = "//*[@role='dialog']"
_GROUP = "//*[@role='group'][div/label]"
_OPEN = "//*[@role='region'][not(@hidden)]"
# The first that a field has tells its kind; in Airflow 3.1 a choice is a button, from 3.2 on an input.
_INPUTS: tuple[tuple[Kind, str], ...] = (
    ("choice", ".//*[@role='combobox']"),
    ("json", ".//*[@role='code'][contains(., '{')]"),
    ("switch", ".//input[@type='checkbox']"),
    ("number", ".//input[@role='spinbutton' or @type='number']"),
    ("password", ".//input[@type='password']"),
    # An editor has a nameless text area of its own.
    ("text", ".//input | .//textarea[@name]"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """A field as the form shows it: `value` is what it holds before anyone has typed."""

    label: str
    kind: Kind
    help: str = ""
    value: str = ""
    placeholder: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False


class ConnectionForm:
    """The form of a new connection of ours, in a page that shows it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.section = "Standard Fields"  # the one that is open
        page.go("/connections")
        page.find("//button[contains(., 'Add Connection')]").click()
        page.text_with("Connection Type", DIALOG)
        chooser = f"{DIALOG}//input[@role='combobox']"
        page.type(chooser, "oro")
        page.find("//*[@role='option'][contains(., 'OroCommerce')]")
        page.type(chooser, Keys.ENTER)
        page.text_with("Store URL", DIALOG)
        self._leave_input()

    def open_extras(self, last: str) -> None:
        """Open the section of the extras, which closes the standard one; `last` is the label that comes last."""
        self.section = "Extra Fields"
        self._page.find(f"{DIALOG}//button[.='{self.section}']").click()
        self._page.text_with(last, DIALOG)

    def fields(self) -> list[ShownField]:
        """Return the fields of the section that is open."""
        return [self._read(group) for group in self._page.find_all(DIALOG + _OPEN + _GROUP)]

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self._page.type(f"{DIALOG}{_GROUP}[div/label[starts-with(., '{label}')]]//input", text)

    def save(self, conn_id: str) -> None:
        """Save the connection, and wait until the list has it."""
        self._page.find(f"{DIALOG}//button[contains(., 'Save')]").click()
        self._page.find(f"//tr[contains(., '{conn_id}')]")

    def _read(self, group: WebElement) -> ShownField:
        label = group.find_element(By.XPATH, "div/label").text
        kind, field = self._page.until(lambda: _input(group))  # the editor of JSON comes late
        helps = group.find_elements(By.XPATH, ".//*[contains(@id, 'helper-text')]")
        return ShownField(
            label=label.removesuffix("*").strip(),
            kind=kind,
            help=" ".join(shown.text for shown in helps),
            value=_value(kind, field),
            placeholder=field.get_attribute("placeholder") or "",
            choices=self._choices(field) if kind == "choice" else (),
            required=label.endswith("*"),
        )

    def _choices(self, field: WebElement) -> tuple[str, ...]:
        field.click()
        self._page.find(f"{DIALOG}//*[@role='option']")
        options = self._page.find_all("//*[@role='option']")
        choices = tuple(option.text for option in options)
        self._leave_input()
        return choices

    def _leave_input(self) -> None:
        self._page.find(f"{DIALOG}//h2").click()


def _input(group: WebElement) -> tuple[Kind, WebElement] | None:
    found = ((kind, group.find_elements(By.XPATH, xpath)) for kind, xpath in _INPUTS)
    return next(((kind, inputs[0]) for kind, inputs in found if inputs), None)


def _value(kind: Kind, field: WebElement) -> str:
    if kind == "choice":
        return field.text or field.find_element(By.XPATH, "../preceding-sibling::div").text
    if kind == "json":
        return field.text.splitlines()[-1]  # after the number of the line
    if kind == "switch":
        return "on" if field.is_selected() else "off"
    return field.get_attribute("value") or ""
