"""The connection's form in Airflow's UI, filled in by a headless Chromium (Debian's packages chromium and chromium-driver)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from demo.environment import CHECKOUT
from demo.scenario import DAGS
from demo.stack import AirflowStack
from oro_provider.connection import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SHOTS = CHECKOUT / ".tmp" / "screenshots"
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1400,1500",
)


@pytest.fixture(scope="module")
def stack() -> Iterator[AirflowStack]:
    with AirflowStack(CHECKOUT / ".tmp" / "browser", DAGS, {"AIRFLOW__CORE__TEST_CONNECTION": "Enabled"}) as stack:
        yield stack


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.fail("there is no browser: install Debian's packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()


def find(browser: WebDriver, xpath: str) -> WebElement:
    return WebDriverWait(browser, 30).until(lambda page: page.find_element(By.XPATH, xpath))


def dialog_with(browser: WebDriver, words: str) -> str:
    """Wait until the dialog shows these words, and return all that it shows."""
    WebDriverWait(browser, 30).until(lambda page: words in page.find_element(By.XPATH, "//*[@role='dialog']").text)
    return browser.find_element(By.XPATH, "//*[@role='dialog']").text


def test_the_form_shows_every_field_of_ours(stack: AirflowStack, browser: WebDriver) -> None:
    browser.get(f"{stack.url}/connections")
    find(browser, "//button[contains(., 'Add Connection')]").click()
    dialog_with(browser, "Connection Type")
    chooser = find(browser, "//input[@role='combobox']")
    chooser.send_keys("oro")
    find(browser, "//*[@role='option']")
    chooser.send_keys(Keys.ENTER)
    standard = dialog_with(browser, "Store URL")
    find(browser, "//*[@role='dialog']//button[.='Extra Fields']").click()
    extra = dialog_with(browser, "Grant type")
    SHOTS.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(SHOTS / "connection-form.png"))
    assert [field.label for field in FIELDS if field.column and not field.hidden and field.label not in standard] == []
    assert [field.label for field in FIELDS if not field.column and field.label not in extra] == []
