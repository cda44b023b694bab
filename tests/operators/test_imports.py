"""What a DAG file pays for importing us, and what works where there is no Airflow."""

from __future__ import annotations

import subprocess
import sys

ROOMS = ("api", "entities", "extract", "load", "sandbox")

FIVE = """
import sys
import airflow.sdk
from airflow.sdk import BaseOperator, BaseSensorOperator, PokeReturnValue
before = set(sys.modules)
from oro_provider.operators.extract import OroCommerceExtractOperator, OroCommerceExtractOrdersOperator
from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.upsert import OroCommerceUpsertProductsOperator, OroCommerceUpsertShippingTrackingsOperator
from oro_provider.sensors.orders import OroCommerceNewOrdersSensor
heavy = {"aiohttp", "requests", "msgspec", "airflow.providers.http.hooks.http", "starlette", "oro_provider.sandbox"}
print(sorted(heavy & (set(sys.modules) - before)))
"""

NO_AIRFLOW = """
import importlib, pkgutil, sys

class NoAirflow:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "airflow":
            raise ImportError("there is no Airflow here")

sys.meta_path.insert(0, NoAirflow())
for room in sys.argv[1:]:
    package = importlib.import_module(f"oro_provider.{room}")
    for module in pkgutil.walk_packages(package.__path__, f"oro_provider.{room}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print("airflow" in sys.modules)
"""

FIRST_POLL = """
import asyncio, sys, threading
from contextlib import aclosing
from oro_provider.triggers.polling import polls

threads = {}

class Watch:
    def find_spec(self, name, path=None, target=None):
        threads[name] = threading.current_thread()

sys.meta_path.insert(0, Watch())

async def first():
    async with aclosing(polls("no_such_connection", 60, None)) as stream:
        async for poll in stream:
            return poll.error

error = asyncio.run(first())
heavy = ("aiohttp", "airflow.providers.http.hooks.http")
print([threads[name] is not threading.main_thread() for name in heavy], error)
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def test_five_operators_bring_no_heavy_library_into_a_dag_file() -> None:
    assert run(FIVE) == "[]"


def test_the_rooms_below_the_line_work_without_airflow() -> None:
    assert run(NO_AIRFLOW, *ROOMS) == "False"


def test_a_trigger_imports_beside_the_event_loop() -> None:
    assert run(FIRST_POLL).startswith("[True, True] The conn_id `no_such_connection` isn't defined")
