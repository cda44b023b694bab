"""What a script does with Airflow's pages: go to one, find, click, wait for words, take a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from demo.environment import CHECKOUT

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

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
SECONDS = 60


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

    def text_with(self, words: str, xpath: str = "//body") -> str:
        """Wait until an element shows these words, and return all that it shows."""

        def shown(page: WebDriver) -> str | None:
            text = page.find_element(By.XPATH, xpath).text
            return text if words in text else None

        found = WebDriverWait(self._browser, SECONDS, ignored_exceptions=[Exception]).until(shown)
        assert found is not None
        return found

    def shoot(self, name: str, height: int = 1500) -> None:
        """Take a picture."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self._browser.set_window_size(1400, height)
        self._browser.save_screenshot(str(SHOTS / f"{name}.png"))
