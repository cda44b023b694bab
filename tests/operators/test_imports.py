"""What a DAG file pays for importing us, and what works where there is no Airflow."""

from __future__ import annotations

import json
import os
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


# The processor's time, which other work on the machine does not lengthen. The first file pays for what Airflow loads late.
PARSED = '''
import json, time
import airflow.sdk
FILE = """
from datetime import datetime, timezone
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task
{imports}
with DAG("parsed", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    {tasks}
"""
NONE = FILE.format(imports="", tasks="; ".join(f"BaseOperator(task_id='t{n}')" for n in range(5)))
FIVE = FILE.format(
    imports="""
from oro_provider.operators.extract import OroCommerceExtractOrdersOperator
from oro_provider.operators.lookups import OroCommerceResolveLookupsOperator
from oro_provider.operators.upsert import OroCommerceUpsertProductsOperator, OroCommerceUpsertShippingTrackingsOperator
from oro_provider.sensors.orders import OroCommerceNewOrdersSensor
""",
    tasks="""
    OroCommerceNewOrdersSensor(task_id="wait")
    OroCommerceExtractOrdersOperator(task_id="orders", target="/lake")
    OroCommerceResolveLookupsOperator(task_id="resolve", entity="products", records="/in.csv")
    OroCommerceUpsertProductsOperator(task_id="products", records="/in.csv")
    OroCommerceUpsertShippingTrackingsOperator(task_id="trackings", records="/in.csv")
""",
)
took = []
for text in (NONE, NONE, FIVE):
    began = time.process_time()
    exec(compile(text, "dag.py", "exec"), {})
    took.append(time.process_time() - began)
print(json.dumps(took))
'''


def run(code: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1]


def test_five_operators_bring_no_heavy_library_into_a_dag_file() -> None:
    assert run(FIVE) == "[]"


def test_the_rooms_below_the_line_work_without_airflow() -> None:
    assert run(NO_AIRFLOW, *ROOMS) == "False"


def test_a_trigger_imports_beside_the_event_loop() -> None:
    assert run(FIRST_POLL).startswith("[True, True] The conn_id `no_such_connection` isn't defined")


def test_a_dag_file_with_five_operators_parses_within_50_ms_of_one_with_none() -> None:
    samples = [json.loads(run(PARSED, PYTHONDONTWRITEBYTECODE="")) for _ in range(3)][1:]  # the first one compiles us
    slower = min(five - none for _, none, five in samples)  # what else the machine does only adds to it
    assert slower <= 0.05, f"{slower * 1000:.0f} ms slower: see `python -X importtime`"
