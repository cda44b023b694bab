"""A headless Chromium (Debian's packages chromium and chromium-driver), and an Airflow with the example DAGs and a store for it to look at."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from demo.environment import CHECKOUT
from demo.scenario import DAGS
from demo.stack import AirflowStack
from oro_provider.sandbox import running
from tests.browser.page import ARGUMENTS, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.sandbox import RunningStore

HOME = CHECKOUT / ".tmp" / "browser"
OWN_DAGS = Path(__file__).parent / "dags"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if "browser" in item.path.parent.name:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(600), append=False)


@pytest.fixture(scope="session")
def stack() -> Iterator[AirflowStack]:
    lake, dags = CHECKOUT / ".tmp" / "browser-lake", CHECKOUT / ".tmp" / "browser-dags"
    for folder in (lake, dags):
        shutil.rmtree(folder, ignore_errors=True)
    for source in (DAGS, OWN_DAGS):
        shutil.copytree(source, dags, dirs_exist_ok=True)
    env = {"AIRFLOW__CORE__TEST_CONNECTION": "Enabled", "OROCOMMERCE_LAKE": str(lake)}
    with AirflowStack(HOME, dags, env) as stack:
        yield stack


@pytest.fixture(scope="session")
def store(stack: AirflowStack) -> Iterator[RunningStore]:
    """The store of the connection `orocommerce_default`; `wrong_secret` leads there too."""
    with running(seed=3, orders=60, version="6.1") as store:
        address = urlsplit(store.url)
        for conn_id, secret in {"orocommerce_default": store.client_secret, "wrong_secret": "not the secret"}.items():
            # With a port: for a connection without one Airflow 3.3.2's page sends port 0 to the test, which then refuses.
            connection = {
                "connection_id": conn_id,
                "conn_type": "orocommerce",
                "host": f"{address.scheme}://{address.hostname}",
                "port": address.port,
                "login": store.client_id,
                "password": secret,
            }
            stack.api.call("POST", "/connections", body=connection)
        yield store


@pytest.fixture(scope="session")
def page(stack: AirflowStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    from selenium import webdriver

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.fail("there is no browser: install Debian's packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    page = Page(browser, stack.url)
    page.go("/")
    page.text_with("Health")  # logged in; Airflow 3.1 leads from there to this page, whatever was asked for
    yield page
    browser.quit()
