"""Writes docs/gallery.md, a drawing of each DAG in docs/images/dags, and the diagram in each DAG's docstring: `python docs/gallery.py`.

All of it comes from the DAGs as Airflow has them once their files are imported; a test compares it with what stands there.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tables import table

ROOT = Path(__file__).resolve().parent.parent
DAGS = ROOT / "dags"
DRAWINGS = ROOT / "docs" / "images" / "dags"
# Before Airflow 3.3 a timetable keeps the name that it was given.
PRESETS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0"}
# A docstring begins with its heading, then the diagram, indented.
HEADING = re.compile(r"\A(### [^\n]+\n\n)((?: {4}[^\n]+\n)+\n)?")

HEAD = """# The gallery of DAGs

Each file in `dags/` stands alone, so that it can be copied alone: its constants, retries and Params are its own. The Params have
defaults from the environment (`OROCOMMERCE_LAKE` and the like), which a deployment sets; a run may be triggered with others. What is
about another system (a warehouse, an ERP) is a plain task on SQLite or CSV, to be replaced by yours. The tests run all of them on a real
scheduler.

`make demo` runs three of them; to take one, copy its file into your DAG folder and read its "To adapt"."""


@dataclass(frozen=True, slots=True)
class Example:
    """A DAG of the gallery, and the docstring of its file."""

    path: Path
    doc: str
    dag: Any

    @property
    def labels(self) -> dict[str, str]:
        """The name of each task, with brackets where it is mapped."""
        return {id_: f"{id_}[]" if task.is_mapped else id_ for id_, task in sorted(self.dag.task_dict.items())}

    @property
    def edges(self) -> set[tuple[str, str]]:
        """Who waits for whom, without what another way says already."""
        below = {id_: set(task.downstream_task_ids) for id_, task in self.dag.task_dict.items()}

        def reached(id_: str) -> set[str]:
            return below[id_].union(*(reached(next_) for next_ in below[id_]))

        return {
            (id_, next_)
            for id_, nexts in below.items()
            for next_ in nexts
            if not any(next_ in reached(other) for other in nexts - {next_})
        }

    @property
    def chains(self) -> list[list[str]]:
        """Every way from a first task to a last one."""
        edges = self.edges

        def ways(id_: str) -> list[list[str]]:
            nexts = sorted(next_ for begin, next_ in edges if begin == id_)
            return [[id_, *way] for next_ in nexts for way in ways(next_)] or [[id_]]

        return [way for id_ in self.labels if id_ not in {end for _, end in edges} for way in ways(id_)]


def examples() -> list[Example]:
    """Import the DAG files, as on a machine that sets nothing."""
    for name in [name for name in os.environ if name.startswith("OROCOMMERCE_")]:
        del os.environ[name]
    return [_example(path) for path in sorted(DAGS.glob("*.py"))]


def _example(path: Path) -> Example:
    from airflow.sdk import DAG

    spec = importlib.util.spec_from_file_location(f"gallery_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    doc = re.search(r'^"""\n(.*?)"""', path.read_text(), re.DOTALL)
    (dag,) = {
        id(dag): dag for dag in (_dag_of(value) for value in vars(module).values()) if isinstance(dag, DAG)
    }.values()
    return Example(path, doc[1] if doc else "", dag)


def _dag_of(value: Any) -> Any:
    """Return a DAG that a module holds, by itself or by one of its tasks."""
    from airflow.sdk import DAG

    return value if isinstance(value, DAG) else getattr(value, "dag", None)


def diagram(example: Example) -> str:
    """Return the tasks and their order as text, a line for each way through them."""
    return "".join(f"    {' >> '.join(example.labels[id_] for id_ in way)}\n" for way in example.chains)


def source(example: Example) -> str:
    """Return the DAG file with its diagram anew, below the heading of its docstring."""
    new = HEADING.sub(lambda found: f"{found[1]}{diagram(example)}\n", example.doc)
    return example.path.read_text().replace(example.doc, new, 1)


BOX, GAP, ROW = 34, 46, 62  # height of a box, between two of them, from line to line; in pixels


def drawing(example: Example) -> str:
    """Return the tasks as boxes with arrows, in SVG that needs nothing from elsewhere."""
    depth: dict[str, int] = {}
    for way in example.chains:
        for place, id_ in enumerate(way):
            depth[id_] = max(depth.get(id_, 0), place)
    columns = [[id_ for id_ in example.labels if depth[id_] == number] for number in range(max(depth.values()) + 1)]
    widths = [max(9 * len(example.labels[id_]) + 26 for id_ in column) for column in columns]
    lefts = [20 + sum(widths[:number]) + GAP * number for number in range(len(columns))]
    height = ROW * max(len(column) for column in columns) + 20
    width = lefts[-1] + widths[-1] + 20
    places = {
        id_: (left, 24 + ROW * row, wide)
        for column, left, wide in zip(columns, lefts, widths, strict=True)
        for row, id_ in enumerate(column)
    }
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
        f"<title>{escape(example.dag.dag_id)}</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#666"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#fff"/>',
    ]
    for begin, end in sorted(example.edges):
        (left, top, wide), (to, to_top, _) = places[begin], places[end]
        parts.append(
            f'<path d="M{left + wide} {top + BOX // 2} L{to - 2} {to_top + BOX // 2}" stroke="#666" marker-end="url(#tip)"/>'
        )
    for id_, (left, top, wide) in places.items():
        if id_ != example.labels[id_]:  # a mapped task: one box behind another
            parts.append(_box(left + 4, top - 4, wide))
        parts.append(_box(left, top, wide))
        parts.append(
            f'<text x="{left + wide // 2}" y="{top + 22}" text-anchor="middle" fill="#222">{escape(example.labels[id_])}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _box(left: int, top: int, wide: int) -> str:
    return f'<rect x="{left}" y="{top}" width="{wide}" height="{BOX}" rx="6" fill="#fde3c8" stroke="#b8743a"/>'


def section(example: Example) -> str:
    """Return what the page says of a DAG."""
    heading, _, text = HEADING.sub(lambda found: found[1], example.doc).strip().partition("\n")
    name = example.dag.dag_id
    facts = [("Runs", _schedule(example.dag)), ("Tasks", _operators(example))]
    params = {key: example.dag.params.get_param(key) for key in example.dag.params}
    facts += [(f"Param `{key}`", f"{param.description}; `{param.value}`") for key, param in params.items()]
    return "\n\n".join([
        f"## {heading.removeprefix('### ')}",
        f"[dags/{example.path.name}](../dags/{example.path.name})",
        f"![{', '.join(' then '.join(way) for way in example.chains)}](images/dags/{name}.svg)",
        text.strip().replace("`docs/", "`"),
        table(("", ""), facts),
    ])  # fmt: skip


def _schedule(dag: Any) -> str:
    from airflow.sdk import Asset

    if dag.schedule is None:
        return "by hand"
    if isinstance(dag.schedule, Asset | list | tuple):
        assets = dag.schedule if isinstance(dag.schedule, list | tuple) else [dag.schedule]
        return "when there is news of " + ", ".join(f"`{asset.uri}`" for asset in assets)
    what = "a partition" if "Partition" in type(dag.timetable).__name__ else "an interval"
    # The SDK's timetables have no summary, the scheduler's no expression.
    cron = getattr(dag.timetable, "expression", None) or dag.timetable.summary
    cron = PRESETS.get(cron, cron)
    return f"`{cron}`, {what} each"


def _operators(example: Example) -> str:
    tasks = (example.dag.task_dict[id_] for id_ in dict.fromkeys(id_ for way in example.chains for id_ in way))
    return ", ".join(f"`{example.labels[task.task_id]}` ({_class(task)})" for task in tasks)


def _class(task: Any) -> str:
    name = str(task.operator_name)
    return "a Python task" if name.startswith("@") else name


def files() -> dict[Path, str]:
    """Return every generated file with its text."""
    found = examples()
    sources = {example.path: source(example) for example in found}
    drawings = {DRAWINGS / f"{example.dag.dag_id}.svg": drawing(example) for example in found}
    page = "\n\n".join([HEAD, *(section(example) for example in found)]) + "\n"
    return {**sources, **drawings, ROOT / "docs" / "gallery.md": page}


if __name__ == "__main__":
    DRAWINGS.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text)
