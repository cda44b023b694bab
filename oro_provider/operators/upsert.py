"""Into the store: rows become what the store has, by creating what is missing and changing what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.operators.records import Records
from oro_provider.operators.store import StoreOperator, entity_argument
from oro_provider.paths import path_of
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import jinja2
    from airflow.sdk import Context

    from oro_provider.entities.model import Entity
    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject

REJECTS_SHOWN = 20


class OroCommerceUpsertOperator(StoreOperator):
    """Makes the store have what the rows say, and returns the `Outcome`.

    Records are found by their business key, compared, and only what differs is sent; rows that change nothing cause no
    write, so the task can be run again at any time. A row that cannot be loaded is refused and named, the others are loaded,
    and the task fails for good with its outcome in XCom, unless `max_rejects` allows for it.

    :param entity: what the rows are: a type (`"products"`) or an `Entity` of your own. (templated)
    :param records: rows: a list, an XCom, a path of `.jsonl` or `.csv`, or a manifest. Not kept in the rendered fields. (templated)
    :param lookups: ids of `OroCommerceResolveLookupsOperator`; names that are not among them are resolved here. (templated)
    :param rejects: path of the file for refused rows (JSON lines, each with its reason and the row as it came). (templated)
    :param max_rejects: how many rows may be refused before the task fails.
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "entity", "records", "lookups", "rejects")
    template_fields_renderers = {"lookups": "json"}  # noqa: RUF012 - Airflow's form

    def __init__(
        self,
        *,
        entity: str | Entity,
        records: Any,
        lookups: Mapping[str, Mapping[str, str]] | None = None,
        rejects: Any = None,
        max_rejects: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entity = entity
        self.records = records
        self.lookups = lookups
        self.rejects = rejects
        self.max_rejects = max_rejects

    def render_template_fields(self, context: Context, jinja_env: jinja2.Environment | None = None) -> None:
        super().render_template_fields(context, jinja_env)
        self.records = Records(self.records)

    def execute(self, context: Context) -> Outcome:
        from oro_provider.load.load import Load, load

        with airflow_errors():
            spec = Load(
                entity=entity_argument(self.entity),
                records=self.records,
                lookups=self.lookups or {},
                rejects=path_of(self.rejects) if self.rejects else None,
            )
        outcome, rejects = self.work(lambda client: load(client, spec))
        self.log.info(
            "%(read)s rows of %(entity)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, "
            "%(rejected)s rejected, in %(seconds)s s and %(requests)s requests",
            outcome,
        )
        if outcome["rejected"] > self.max_rejects:
            # Before the failure, so that a callback or a person can read it.
            context["ti"].xcom_push(key="return_value", value=outcome)
            raise AirflowFailException(_refusals(spec.entity, outcome, rejects))
        return outcome


class OroCommerceUpsertProductsOperator(OroCommerceUpsertOperator):
    """Makes the store have these products (`OroCommerceUpsertOperator` with `entity="products"`).

    A row: `{"sku": "A-1", "name": "Lamp", "unit": "each", "tax_code": "TAXABLE", "category": "Office / Lighting", "brand":
    "ACME", "attribute_family": "default_family", "inventory_status": "in_stock", "status": "enabled"}`; only `sku` must be
    there, a new product also needs `name` and `unit`. A new product is disabled unless its row says `enabled`.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "products"
        super().__init__(**kwargs)


class OroCommerceUpsertShippingTrackingsOperator(OroCommerceUpsertOperator):
    """Makes orders have these shipment trackings (`OroCommerceUpsertOperator` with `entity="ordershippingtrackings"`).

    A row: `{"order": "<identifier>", "method": "UPS", "number": "1Z999AA10123456784"}`. Only what an order does not have yet
    is posted; letters' case does not count. A store enforces no unique key on trackings, so let one task at a time push to
    an order: `max_active_runs=1`, or a pool of one slot.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "ordershippingtrackings"
        super().__init__(**kwargs)


def _refusals(entity: Entity, outcome: Outcome, rejects: Sequence[Reject]) -> str:
    where = f" They are in {outcome['rejects']}." if outcome["rejects"] else ""
    shown = "\n".join(str(reject) for reject in rejects[:REJECTS_SHOWN])
    more = f"\n... and {len(rejects) - REJECTS_SHOWN} more" if len(rejects) > REJECTS_SHOWN else ""
    return f"{outcome['rejected']} of {outcome['read']} rows of {entity.type} were refused.{where}\n{shown}{more}"
