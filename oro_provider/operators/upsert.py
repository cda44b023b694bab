"""Into the store: rows become what the store has, by creating what is missing and changing what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from oro_provider.arguments import is_structure, mapping, one_of, several
from oro_provider.assets import describe_event
from oro_provider.lineage import Loaded
from oro_provider.links import OroCommerceListLink, OroCommerceOperationLink, leave, operation_page
from oro_provider.operators.records import Names, Records
from oro_provider.operators.store import WritingOperator, entities_argument
from oro_provider.paths import path_below, path_of
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import AirflowException, AirflowFailException, conf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Asset, Context

    from oro_provider.entities.model import Entity
    from oro_provider.load.load import Runs
    from oro_provider.load.outcome import Outcome
    from oro_provider.load.rows import Reject
    from oro_provider.load.run import Load

# Operations that end so soon are not worth a deferral, which takes some seconds itself.
PATIENCE_SECONDS = 5.0


class OroCommerceUpsertOperator(WritingOperator):
    """Makes the store have what the rows say, and returns the `Outcome`.

    Records are found by their business key, compared, and only what differs is sent; rows that change nothing cause no
    write, so the task can be run again at any time. A row that cannot be loaded is refused and named, the others are loaded,
    and the task fails for good with its outcome in XCom, unless `max_rejects` allows for it.

    :param entity: what the rows are: a type (`"products"`), `"addresses"` of customers and of their users, or an `Entity` of your own.
        (templated)
    :param records: rows: a list, an XCom, a path of `.jsonl`, `.csv` or `.parquet`, or a manifest. Not kept in the rendered
        fields. (templated)
    :param lookups: ids of `OroCommerceResolveLookupsOperator`, or the path of its file; names that are not among them are
        resolved here. (templated)
    :param key: another key of the entity to find records by: `"external_id"` for customers. (templated)
    :param missing: what becomes of a name that the store does not have: `reject` the row, `fail` the task, `null` (leave the
        reference empty) or `create` it; for all fields, or by field: `{"brand": "create", "*": "reject"}`. (templated)
    :param repeated: a row that repeats the key of an earlier one is refused (`error`), or the `last` one wins.
    :param remove_units: take units off products that their rows' `unit` and `units` do not name. Their prices and stock go at once;
        a dry run's `results` say how many prices, row by row, and `removed` of the outcome in all.
    :param files: folder of the files that rows name (`images`): names are relative to it, and those outside of it are refused.
        Without it a row may name any image that this worker can read. (templated)
    :param rejects: path of the file for refused rows (JSON lines, each with its reason and the row as it came). (templated)
    :param max_rejects: how many rows may be refused before the task fails: a number, or below 1 a share of the rows.
    :param results: path of a file with a line for each row: what came of it, and its id where known. (templated)
    :param dry_run: write nothing; `results` then holds the plan, and the counts say what would be.
    :param operations: how many operations may be in flight: as many as the store has message-queue consumers.
    :param operation_deadline: seconds after which an operation that does not end is given up.
    :param deferrable: leave the worker while operations are at work in the store.
    :param poll_interval: seconds between two looks at operations, at most.
    :param asset: what the task changes (`create_asset(resource="products")`): an outlet, whose event tells the counts. A dry run has
        none.
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = (
        "orocommerce_conn_id",
        "entity",
        "records",
        "lookups",
        "key",
        "missing",
        "files",
        "rejects",
        "results",
    )
    template_fields_renderers = {"lookups": "json", "missing": "json"}  # noqa: RUF012 - Airflow's form
    operator_extra_links = (OroCommerceListLink(), OroCommerceOperationLink())

    def __init__(
        self,
        *,
        entity: str | Entity,
        records: Any,
        lookups: Mapping[str, Mapping[str, str]] | str | None = None,
        key: str | Sequence[str] | None = None,
        missing: str | Mapping[str, str] = "reject",
        repeated: str = "error",
        remove_units: bool = False,
        files: Any = None,
        rejects: Any = None,
        max_rejects: float = 0,
        results: Any = None,
        dry_run: bool = False,
        operations: int = 1,
        operation_deadline: float = 1800.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 5.0,
        asset: Asset | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            entity=entity,
            records=records,
            rejects=rejects,
            max_rejects=max_rejects,
            dry_run=dry_run,
            asset=asset,
            **kwargs,
        )
        self.lookups = lookups
        self.key = key
        self.missing = missing
        self.repeated: Any = one_of(repeated, ("error", "last"), "repeated")
        self.remove_units = remove_units
        self.files = files
        self.results = results
        self.operations = operations
        self.operation_deadline = operation_deadline
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self._run: Runs | None = None
        self._loaded: Loaded | None = None

    def rendered(self) -> None:
        super().rendered()
        if isinstance(self.lookups, Mapping) or is_structure(self.lookups):
            with airflow_errors():
                self.lookups = Names(mapping(self.lookups, "lookups"))

    def execute(self, context: Context) -> Outcome:
        return self._load(context, resume=_is_retry(context), patient=not self.deferrable)

    def execute_complete(self, context: Context, event: Any) -> Outcome:
        """Go on when the operations have ended."""
        from oro_provider.triggers.operations import validated

        event = validated(event)
        if event["status"] == "error":
            kind = AirflowFailException if event["permanent"] else AirflowException
            raise kind(f"Operations {', '.join(event['ids'])} could not be watched: {event['message']}")
        # At the deadline the load looks once more, asks the store why, and says so.
        deadline = 0.0 if event["status"] == "overdue" else self.operation_deadline
        places = [spec.work for spec in self._specs(context, resume=True, patient=True) if spec.work is not None]
        if places and not any((place / "state.json").exists() for place in places):
            self.log.warning(
                "The journal %s is not here: [orocommerce] work_path should be a place that all workers share. The load begins "
                "afresh, without leaving the worker.",
                places[0],
            )
            return self._load(context, resume=True, patient=True)
        return self._load(context, resume=True, patient=not self.deferrable, deadline=deadline)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """Return what was read and written, for OpenLineage (extra `openlineage`); it asks on failure too."""
        return self._loaded.lineage() if self._loaded is not None else None

    def on_kill(self) -> None:
        """Say what the store is still at; it cannot be called back, and a retry waits for it."""
        if self._run is not None and self._run.running:
            self.log.warning("Still at work in the store: operations %s", ", ".join(self._run.running))

    def _load(self, context: Context, *, resume: bool, patient: bool, deadline: float | None = None) -> Outcome:
        from oro_provider.load.apply import WaitingForOperations
        from oro_provider.load.load import Runs
        from oro_provider.load.outcome import refusals, too_many

        self.rendered()
        with airflow_errors():
            specs = self._specs(context, resume=resume, patient=patient, deadline=deadline)
        entities = tuple(spec.entity for spec in specs)
        self.link_list(context, entities[0])
        source = self.records.source if isinstance(self.records, Records) else None
        self._loaded = Loaded(self.hook.settings.base_url, entities, source, self.dry_run_only)

        async def job(client: Any) -> tuple[Outcome, list[Reject]]:
            self._run = Runs(client, specs, self._named)
            return await self._run.to_the_end()

        try:
            outcome, rejects = self.work(job)
        except WaitingForOperations as waiting:
            self._defer(waiting.ids)
            raise
        finally:
            self._link_operation(context)
        self._loaded.outcome = outcome
        self.log.info(
            "%(read)s rows of %(entity)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, "
            "%(rejected)s rejected, in %(seconds)s s and %(requests)s requests",
            outcome,
        )
        if outcome["removed"]:
            gone = ", ".join(f"{count} {type_}" for type_, count in outcome["removed"].items())
            self.log.warning("%s: %s", "Would be deleted" if outcome["dry_run"] else "Deleted", gone)
        if too_many(outcome, self.max_rejects):
            # Before the failure, so that a callback or a person can read it.
            context["ti"].xcom_push(key="return_value", value=outcome)
            raise AirflowFailException(refusals(outcome, rejects))
        if self.asset is not None:
            describe_event(context, self.asset, outcome)
        return outcome

    def _link_operation(self, context: Context) -> None:
        operation = self._run.operation if self._run is not None else None
        page = operation_page(self.hook.settings, operation) if operation is not None else None
        leave(context, OroCommerceOperationLink(), page)

    def _defer(self, ids: list[str]) -> None:
        from oro_provider.triggers.operations import OroCommerceOperationsTrigger

        self.log.info("Waiting for operations %s", ", ".join(ids))
        self.defer(
            trigger=OroCommerceOperationsTrigger(
                orocommerce_conn_id=self.orocommerce_conn_id,
                ids=ids,
                deadline=self.operation_deadline,
                poll_interval=self.poll_interval,
            ),
            method_name="execute_complete",
        )

    def _specs(self, context: Context, *, resume: bool, patient: bool, deadline: float | None = None) -> list[Load]:
        from oro_provider.entities import keyed_by
        from oro_provider.load.apply import ApplyOptions
        from oro_provider.load.plan import PlanOptions
        from oro_provider.load.run import Load
        from oro_provider.load.shares import shares

        entities = entities_argument(self.entity)
        key = several(self.key, "key")
        rejects = path_of(self.rejects) if self.rejects else None
        if key:
            entities = keyed_by(entities, key)
        open_path = partial(path_below, self.files) if self.files else path_of
        common = Load(
            entity=entities[0],
            records=self.records,
            lookups=_lookups(self.lookups),
            rejects=rejects,
            results=path_of(self.results) if self.results else None,
            resume=resume,
            repeated=self.repeated,
            dry_run=self.dry_run_only,
            plan=PlanOptions(missing=_missing(self.missing), remove_units=self.remove_units, open_path=open_path),
            apply=ApplyOptions(
                operations=self.operations,
                operation_deadline=self.operation_deadline if deadline is None else deadline,
                poll_interval=self.poll_interval,
                patience=None if patient else PATIENCE_SECONDS,
            ),
        )
        return [
            replace(common, entity=entity, share=share, work=work_folder(context, rejects, entity.type))
            for entity, share in zip(entities, shares(entities), strict=True)
        ]

    @property
    def _named(self) -> str:
        return self.entity if isinstance(self.entity, str) else self.entity.type


def work_folder(context: Context, beside: Any, entity: str) -> Any:
    """Return the folder of a task's journal: below `[orocommerce] work_path`, else beside its rejects, else on this machine.

    It belongs to the run and the task, so that a retry finds what the try before it left.
    """
    import tempfile
    from hashlib import sha256

    ti = context.get("ti")
    if ti is None or not hasattr(ti, "run_id"):  # run by hand, without a task
        return None
    names = (ti.dag_id, ti.task_id, ti.run_id, str(getattr(ti, "map_index", -1)), entity)
    digest = sha256("\x00".join(names).encode()).hexdigest()[:24]
    configured = conf.get("orocommerce", "work_path", fallback="")
    if configured:
        return path_of(configured) / digest
    if beside is not None:
        return beside.parent / "_work" / digest
    return path_of(tempfile.gettempdir()) / "orocommerce-work" / digest


def _is_retry(context: Context) -> bool:
    """Whether an earlier try of this run of the task failed: clearing a task raises its `max_tries`, and begins afresh."""
    ti, task = context.get("ti"), context.get("task")
    if ti is None or task is None or not hasattr(ti, "try_number"):
        return False
    first = getattr(ti, "max_tries", 0) - int(task.retries or 0) + 1
    return bool(ti.try_number > max(first, 1))


def _missing(given: str | Mapping[str, str]) -> dict[str, Any]:
    from oro_provider.load.mentions import MISSING

    if isinstance(given, str) and not is_structure(given):
        given = {"*": given}
    policies = mapping(given, "missing")
    for field, policy in policies.items():
        one_of(policy, MISSING, f"missing[{field}]")
    return dict(policies)


def _lookups(given: Any) -> Mapping[str, Mapping[str, str]]:
    if not given:
        return {}
    if isinstance(given, str):
        import json

        found: Mapping[str, Mapping[str, str]] = json.loads(path_of(given).read_bytes())
        return found
    return given  # type: ignore[no-any-return]  # a rendered field


class OroCommerceReplayRejectsOperator(OroCommerceUpsertOperator):
    """Sends refused rows again, after they or the store were repaired.

    :param entity: what the rows are, as the load had it: `entity` of its outcome. (templated)
    :param replay: path of the rejects of an earlier load; the `values` of each line are the row. (templated)
    :param rejects: where those go that are refused again; must be another file. (templated)

    Everything else is as in `OroCommerceUpsertOperator`.
    """

    template_fields: Sequence[str] = (*OroCommerceUpsertOperator.template_fields, "replay")

    def __init__(self, *, entity: str | Entity, replay: Any, rejects: Any = None, **kwargs: Any) -> None:
        super().__init__(entity=entity, records=None, rejects=rejects, **kwargs)
        self.replay = replay

    def rendered(self) -> None:
        self.records = Records(self.replay, inside="values")
        super().rendered()
        if self.rejects and str(self.rejects) == str(self.replay):
            raise AirflowFailException("rejects and replay are the same file, which would be lost")


class OroCommerceUpsertProductsOperator(OroCommerceUpsertOperator):
    """Makes the store have these products, of every kind (`OroCommerceUpsertOperator` with `entity="products"`).

    A row: `{"sku": "A-1", "name": "Lamp", "name.de_DE": "Lampe", "unit": "each", "tax_code": "TAXABLE", "category":
    "Office / Lighting", "brand": "ACME", "status": "enabled"}`; only `sku` must be there, a new product also needs `name`
    and `unit`. A new product is disabled unless its row says `enabled`. A configurable one has `variants`, a kit
    `kit_items`; the products that they name may be among the rows. `images` are paths that this worker can read.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "products"
        super().__init__(**kwargs)


class OroCommerceUpsertProductPricesOperator(OroCommerceUpsertOperator):
    """Makes price lists have these prices (`OroCommerceUpsertOperator` with `entity="productprices"`).

    A row: `{"price_list": "Wholesale", "product": "A-1", "unit": "each", "quantity": 1, "currency": "USD", "value": "9.90"}`.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "productprices"
        super().__init__(**kwargs)


class OroCommerceUpsertInventoryLevelsOperator(OroCommerceUpsertOperator):
    """Sets the stock of products (`OroCommerceUpsertOperator` with `entity="inventorylevels"`).

    A row: `{"product": "A-1", "unit": "each", "quantity": 12}`; `unit` may be missing where a product has one only. The
    store makes a level with each unit of a product, and the API makes none.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "inventorylevels"
        super().__init__(**kwargs)


class OroCommerceUpsertCustomersOperator(OroCommerceUpsertOperator):
    """Makes the store have these customers (`OroCommerceUpsertOperator` with `entity="customers"`).

    A row: `{"name": "ACME Ltd", "group": "Wholesale", "parent": "ACME Holding", "payment_term": "net 30", "tax_code":
    "NON_EXEMPT"}`. Names are not unique in a store: let one task at a time load customers, or use `key="external_id"` (6.1.10).
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "customers"
        super().__init__(**kwargs)


class OroCommerceUpsertCustomerUsersOperator(OroCommerceUpsertOperator):
    """Makes the store have these customer users (`OroCommerceUpsertOperator` with `entity="customerusers"`).

    A row: `{"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee", "customer": "ACME Ltd", "roles": ["Buyer"],
    "enabled": true}`. A new one is not enabled unless its row says so; `password` is sent for a new one only.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "customerusers"
        super().__init__(**kwargs)


class OroCommerceUpsertCustomerGroupsOperator(OroCommerceUpsertOperator):
    """Makes the store have these customer groups (`OroCommerceUpsertOperator` with `entity="customergroups"`)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "customergroups"
        super().__init__(**kwargs)


class OroCommerceUpsertAddressesOperator(OroCommerceUpsertOperator):
    """Makes customers and customer users have these addresses (`OroCommerceUpsertOperator` with `entity="addresses"`).

    A row: `{"customer": "ACME Ltd", "street": "1 Main St", "city": "Salem", "postal_code": "97301", "country": "US", "region":
    "Oregon", "organization": "ACME Ltd", "types": ["billing"], "default_types": ["billing"]}`, with `customer_user` (an e-mail)
    instead of `customer` for a user's own. Rows of both kinds may be mixed; a row that names both is refused.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "addresses"
        super().__init__(**kwargs)


class OroCommerceUpsertPriceListsOperator(OroCommerceUpsertOperator):
    """Makes the store have these price lists (`OroCommerceUpsertOperator` with `entity="pricelists"`).

    A row: `{"name": "Wholesale", "currencies": ["EUR", "USD"], "active": true}`.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "pricelists"
        super().__init__(**kwargs)


class OroCommerceUpsertPriceListCustomerGroupsOperator(OroCommerceUpsertOperator):
    """Gives customer groups these price lists (`OroCommerceUpsertOperator` with `entity="pricelisttocustomergroups"`).

    A row: `{"customer_group": "Wholesale", "price_list": "Wholesale", "sort_order": 1}`.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "pricelisttocustomergroups"
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


class OroCommerceUpsertOrdersOperator(OroCommerceUpsertOperator):
    """Makes the store have these orders (`OroCommerceUpsertOperator` with `entity="orders"`).

    A row: `{"identifier": "EXT-1", "customer": "ACME Ltd", "currency": "USD", "line_items": [{"sku": "A-1", "unit": "each",
    "quantity": 2, "value": "9.90", "currency": "USD"}]}`.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "orders"
        super().__init__(**kwargs)
