"""The gallery of DAGs: its page, drawings and diagrams are those of the DAGs, and each DAG teaches what it is for."""

from __future__ import annotations

import importlib.util
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# What is drawn are the DAGs with the timetables of an Airflow that has partitions.
newest = pytest.mark.capability("partitions")
DAGS = sorted((ROOT / "dags").glob("*.py"))


@pytest.fixture(scope="module")
def gallery() -> Any:
    spec = importlib.util.spec_from_file_location("docs_gallery", ROOT / "docs" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_gallery"] = module
    spec.loader.exec_module(module)
    return module


@newest
def test_page_drawings_and_diagrams_are_those_of_the_dags(gallery: Any) -> None:
    files: dict[Path, str] = gallery.files()
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text() != text]
    assert stale == [], "run: python docs/gallery.py"
    assert {path.name for path in gallery.DRAWINGS.iterdir()} == {f"{path.stem}.svg" for path in DAGS}


@newest
@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_says_what_it_is_for_and_how_to_adapt_it(gallery: Any, path: Path) -> None:
    (example,) = [example for example in gallery.examples() if example.path == path]
    dag = example.dag
    assert dag.dag_id == path.stem
    assert re.match(r"### \S", example.doc), "a heading comes first"
    assert "* To adapt: " in example.doc
    assert dag.doc_md is not None
    assert dag.doc_md.strip() == example.doc.strip()
    assert "orocommerce" in dag.tags
    # An asset's address and its watcher cannot take a Param.
    assert "orocommerce_conn_id" in dag.params or "`CONNECTION`" in example.doc, "the connection is no Param"
    assert all(param.description for param in (dag.params.get_param(key) for key in dag.params))
    assert all(task.retries or dag.schedule is None for task in dag.task_dict.values())


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_is_run_by_the_tests_on_a_real_scheduler(path: Path) -> None:
    system = "".join(test.read_text() for test in (ROOT / "tests" / "system").glob("*.py"))
    demo = (ROOT / "demo" / "scenario.py").read_text()  # run by tests/system/test_example_dags.py
    assert f'"{path.stem}"' in system + demo


def test_roads_that_part_and_meet_are_drawn_and_told(gallery: Any) -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG

    with DAG("parting", schedule=None) as dag:
        first, left, right, last = (EmptyOperator(task_id=name) for name in ("first", "left", "right", "last"))
        first >> [left, right] >> last
        first >> last
    example = gallery.Example(ROOT / "dags" / "parting.py", "", dag)
    assert gallery.diagram(example) == "    first >> left >> last\n    first >> right >> last\n"
    drawing = gallery.drawing(example)
    assert drawing.count("marker-end") == 4
    assert all(f">{name}</text>" in drawing for name in ("first", "left", "right", "last"))
