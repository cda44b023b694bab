"""Python in the pages, executed: complete blocks as they are, fragments with the names that a page takes for granted.

A name that a fragment does not define must be one that the provider or Airflow publishes, or stand in `GIVEN`: a misspelled
operator, argument or module fails.
"""

from __future__ import annotations

import ast
import builtins
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

PUBLISHED_BY = (
    "airflow.sdk",
    "datetime",
    "airflow.timetables.interval",
    "oro_provider.api.client",
    "oro_provider.api.documents",
    "oro_provider.assets",
    "oro_provider.entities.model",
    "oro_provider.hooks.orocommerce",
    "oro_provider.watermarks",
    "oro_provider.windows",
)


def run(code: str, name: str) -> dict[str, Any]:
    """Execute a block within a DAG of its own, and return what it defined."""
    from airflow.sdk import DAG

    compiled = compile(code, name, "exec")
    scope: dict[str, Any] = {"__name__": "page"}
    with DAG("page", schedule=None):
        given = _given()
        for missing in sorted(_unknown(ast.parse(code))):
            assert missing in given or missing in _published(), f"{name}: nobody knows the name {missing}"
            scope[missing] = given[missing]() if missing in given else getattr(_published()[missing], missing)
        exec(compiled, scope)
    return scope


def _given() -> dict[str, Any]:
    """What pages take for granted, each made when it is asked for: a reader's own tasks, rows and places."""
    from airflow.sdk import task

    from oro_provider.assets import orders_asset

    def a_task(name: str) -> Any:
        @task(task_id=name, multiple_outputs=False)
        def theirs(*_: Any) -> dict[str, Any]:
            return {}

        return theirs

    return {
        "LAKE": lambda: "s3://lake/oro",
        "ORDERS": orders_asset,
        "hand_over": lambda: a_task("hand_over"),
        "load_warehouse": lambda: a_task("load_warehouse"),
        "rows": lambda: [{"sku": "A-1", "name": "Lamp", "unit": "each"}],
    }


@cache
def _published() -> dict[str, ModuleType]:
    """The module of each name that a reader imports."""
    from oro_provider.get_provider_info import get_provider_info

    info: Any = get_provider_info()
    parts = [part for kind in ("operators", "sensors", "triggers") for part in info[kind]]
    found: dict[str, ModuleType] = {}
    for name in (*PUBLISHED_BY, *(module for part in parts for module in part["python-modules"])):
        module = import_module(name)
        own = [one for one, value in vars(module).items() if getattr(value, "__module__", None) == name]
        found |= dict.fromkeys(getattr(module, "__all__", own), module)
    return found


def _unknown(tree: ast.Module) -> set[str]:
    """Return the names that the block uses and does not define."""
    used, defined = set(), set(dir(builtins))
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                defined.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                defined.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                defined |= {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
            case _:
                pass
    return used - defined
