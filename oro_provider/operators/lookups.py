"""Names and codes to ids, for a task that hands them on by XCom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.operators.records import Records
from oro_provider.operators.store import StoreOperator, entity_argument
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Sequence

    import jinja2
    from airflow.sdk import Context

    from oro_provider.entities.model import Entity
    from oro_provider.load.lookups import LookupTable

PROBLEMS_SHOWN = 20


class OroCommerceResolveLookupsOperator(StoreOperator):
    """Resolves every name that rows refer to and returns the ids by field and name: `{"tax_code": {"TAXABLE": "3"}}`.

    Thousands of names go in one request; small dictionaries are read once. A name that the store does not have, or has
    twice, fails the task, which names row, field and what comes close.

    :param entity: what the rows are: a type (`"products"`) or an `Entity` of your own. (templated)
    :param records: rows: a list, an XCom, a path of `.jsonl` or `.csv`, or a manifest. Not kept in the rendered fields. (templated)
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "entity", "records")

    def __init__(self, *, entity: str | Entity, records: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity = entity
        self.records = records

    def render_template_fields(self, context: Context, jinja_env: jinja2.Environment | None = None) -> None:
        super().render_template_fields(context, jinja_env)
        self.records = Records(self.records)

    def execute(self, context: Context) -> LookupTable:
        from oro_provider.load.lookups import Resolver, resolve_rows
        from oro_provider.load.rows import Rows

        with airflow_errors():
            rows = Rows(entity_argument(self.entity), self.records)
            read = list(rows)

        async def job(client: Any) -> tuple[LookupTable, dict[str, dict[str, str]]]:
            return await resolve_rows(Resolver(client), rows.entity, read)

        table, problems = self.work(job)
        found = [str(reject) for reject in rows.rejects]
        for row in read:
            for name, value in (*row.references.items(), *row.units.items()):
                if value is not None and value in problems[name]:
                    found.append(str(row.rejected(problems[name][value], name)))
        if found:
            more = f"\n... and {len(found) - PROBLEMS_SHOWN} more" if len(found) > PROBLEMS_SHOWN else ""
            raise AirflowFailException(
                f"{len(found)} of the rows' names cannot be resolved:\n" + "\n".join(found[:PROBLEMS_SHOWN]) + more
            )
        self.log.info("Resolved %s", ", ".join(f"{len(ids)} {name}" for name, ids in table.items()) or "nothing")
        return table
