"""What a script does with Airflow's pages: go to one, find, click, wait for words, take a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from selenium.common.exceptions import ElementNotInteractableException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")
WIDTH, HEIGHT = 1400, 1500  # pixels of the window
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--window-size={WIDTH},{HEIGHT}",
)
SECONDS = 60
# What goes round forever, such as a sign of waiting, is not waited for.
STILL = """return document.getAnimations().every(
    (one) => one.playState !== "running" || one.effect.getComputedTiming().iterations === Infinity
)"""


class Page:
    """The page that a browser shows, of the Airflow at `origin`."""

    def __init__(self, browser: WebDriver, origin: str) -> None:
        self._browser = browser
        self._origin = origin

    def go(self, path: str) -> None:
        """Show another page."""
        self._browser.get(self._origin + path)

    def find(self, xpath: str) -> WebElement:
        """Wait for an element."""
        return WebDriverWait(self._browser, SECONDS).until(lambda page: page.find_element(By.XPATH, xpath))

    def find_all(self, xpath: str) -> list[WebElement]:
        """Wait for elements, and return all that are there."""
        self.find(xpath)
        return self._browser.find_elements(By.XPATH, xpath)

    def type(self, xpath: str, text: str) -> None:
        """Type into an element, once it takes it: a dialog that opens does not yet."""

        def typed(page: WebDriver) -> bool:
            page.find_element(By.XPATH, xpath).send_keys(text)
            return True

        WebDriverWait(self._browser, SECONDS, ignored_exceptions=[ElementNotInteractableException]).until(typed)

    def until(self, probe: Callable[[], T | None]) -> T:
        """Wait until the probe gives something."""
        found = WebDriverWait(self._browser, SECONDS).until(lambda _: probe())
        assert found is not None
        return found

    def text_with(self, words: str, xpath: str = "//body") -> str:
        """Wait until an element shows these words, and return all that it shows."""

        def shown(page: WebDriver) -> str | None:
            text = page.find_element(By.XPATH, xpath).text
            return text if words in text else None

        found = WebDriverWait(self._browser, SECONDS, ignored_exceptions=[Exception]).until(shown)
        assert found is not None
        return found

    def shoot(self, file: Path, xpath: str, height: int) -> None:
        """Take a picture of an element, in a window that is so many pixels high, once nothing moves."""
        self._browser.set_window_size(WIDTH, height)
        WebDriverWait(self._browser, SECONDS).until(lambda page: page.execute_script(STILL))
        self.find(xpath).screenshot(str(file))
        self._browser.set_window_size(WIDTH, HEIGHT)
