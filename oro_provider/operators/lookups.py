"""Names and codes to ids, for a task that hands them on by XCom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oro_provider.arguments import one_of
from oro_provider.operators.records import Records
from oro_provider.operators.store import StoreOperator, entities_argument
from oro_provider.paths import path_of
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from airflow.sdk import Context

    from oro_provider.entities.model import Entity
    from oro_provider.load.mentions import LookupTable, Resolved
    from oro_provider.load.rows import Row

PROBLEMS_SHOWN = 20


class OroCommerceResolveLookupsOperator(StoreOperator):
    """Resolves every name that rows refer to and returns the ids by field and name: `{"tax_code": {"TAXABLE": "3"}}`.

    Thousands of names go in one request; small dictionaries are read once. A name that the store does not have, or has
    twice, fails the task, which names row, field and what comes close.

    :param entity: what the rows are: a type (`"products"`) or an `Entity` of your own. (templated)
    :param records: rows: a list, an XCom, a path of `.jsonl`, `.csv` or `.parquet`, or a manifest. Not kept in the rendered fields. (templated)
    :param target: path of a JSON file for the ids, where they are too many for XCom; the task then returns the path. (templated)
    :param absent: what to do about names that the store does not have: `fail`, or `skip` them for the upsert to decide.
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "entity", "records", "target")

    def __init__(
        self, *, entity: str | Entity, records: Any, target: Any = None, absent: str = "fail", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.entity = entity
        self.records = records
        self.target = target
        self.absent = one_of(absent, ("fail", "skip"), "absent")

    def rendered(self) -> None:
        self.records = Records.of(self.records)

    def execute(self, context: Context) -> LookupTable | str:
        from oro_provider.load.lookups import Resolver
        from oro_provider.load.mentions import resolve_rows
        from oro_provider.load.rows import Reject, read_rows
        from oro_provider.load.shares import shares

        self.rendered()
        with airflow_errors():
            entities = entities_argument(self.entity)
            read = [
                list(share.rows(self.records) if share else read_rows(entity, self.records))
                for entity, share in zip(entities, shares(entities), strict=True)
            ]
        rows = [[row for row in some if not isinstance(row, Reject)] for some in read]

        async def job(client: Any) -> list[Resolved]:
            resolver = Resolver(client)
            return [await resolve_rows(resolver, *some) for some in zip(entities, rows, strict=True)]

        resolved = self.work(job)
        found = [str(reject) for some in read for reject in some if isinstance(reject, Reject)]
        table: LookupTable = {}
        for entity, some, names in zip(entities, rows, resolved, strict=True):
            found += _problems(entity, some, names, skip_absent=self.absent == "skip")
            for field, ids in names.table.items():
                table.setdefault(field, {}).update(ids)
        if found:
            more = f"\n... and {len(found) - PROBLEMS_SHOWN} more" if len(found) > PROBLEMS_SHOWN else ""
            raise AirflowFailException(
                f"{len(found)} of the rows' names cannot be resolved:\n" + "\n".join(found[:PROBLEMS_SHOWN]) + more
            )
        self.log.info("Resolved %s", ", ".join(f"{len(ids)} {name}" for name, ids in table.items()) or "nothing")
        if not self.target:
            return table
        with airflow_errors():
            path = path_of(self.target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(json.dumps(table).encode())
        return str(path)


def _problems(entity: Entity, rows: Iterable[Row], resolved: Resolved, *, skip_absent: bool) -> Iterator[str]:
    """Yield each name that cannot be resolved, at its first row. A record of the rows' own kind may be made by them."""
    from oro_provider.load.mentions import mentions

    told: set[tuple[str, str]] = set()
    for row in rows:
        for mention in mentions(entity, row.fields):
            problem = resolved.problem(mention)
            if problem is None or (mention.path, mention.name) in told:
                continue
            if resolved.is_absent(mention) and (skip_absent or mention.lookup.type == entity.type):
                continue
            told.add((mention.path, mention.name))
            yield str(row.rejected(problem, mention.shown))
