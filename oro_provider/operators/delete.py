"""Out of the store by business key: what is not there is fine, and how many may go is limited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.assets import describe_event
from oro_provider.operators.store import WritingOperator, entity_argument
from oro_provider.paths import path_of
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Asset, Context

    from oro_provider.entities.model import Entity
    from oro_provider.load.delete import Deleted


class OroCommerceDeleteOperator(WritingOperator):
    """Deletes the records that rows name by their business key, and returns a `Deleted`.

    What the store does not have counts as absent and is fine, so the task can be run again. All records are found before
    the first is deleted, and when they are more than `max_deletes` none is.

    :param entity: what the rows are: a type (`"productprices"`) or an `Entity` of your own. (templated)
    :param records: rows with the key's fields (others do not matter), resource objects, or the bare key where it is one field; a
        list, an XCom, a path or a manifest. Not kept in the rendered fields. (templated)
    :param max_deletes: how many records may go.
    :param hard: delete also what would be switched off instead: products are disabled and discontinued otherwise, since
        deleting one deletes its prices and takes it off the lines of orders.
    :param dry_run: delete nothing, count what would go.
    :param rejects: path of the file for rows that were refused. (templated)
    :param max_rejects: how many rows may be refused before the task fails.
    :param asset: what the task changes (`create_asset(resource="products")`): an outlet, whose event tells the counts. A dry run has
        none.
    :param orocommerce_conn_id: the connection. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "entity", "records", "rejects")

    def __init__(
        self,
        *,
        entity: str | Entity,
        records: Any,
        max_deletes: int = 1000,
        hard: bool = False,
        dry_run: bool = False,
        rejects: Any = None,
        max_rejects: int = 0,
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
        self.max_deletes = max_deletes
        self.hard = hard

    def execute(self, context: Context) -> Deleted:
        from oro_provider.load.delete import Deletion, delete
        from oro_provider.load.outcome import refusals

        self.rendered()
        with airflow_errors():
            spec = Deletion(
                entity=entity_argument(self.entity),
                records=self.records,
                most=self.max_deletes,
                hard=self.hard,
                dry_run=self.dry_run_only,
                rejects=path_of(self.rejects) if self.rejects else None,
            )
        self.link_list(context, spec.entity)
        deleted, rejects = self.work(lambda client: delete(client, spec))
        self.log.info(
            "%(read)s rows of %(entity)s: %(deleted)s deleted, %(retired)s retired, %(absent)s absent, %(rejected)s rejected",
            deleted,
        )
        if deleted["rejected"] > self.max_rejects:
            context["ti"].xcom_push(key="return_value", value=deleted)
            raise AirflowFailException(refusals(deleted, rejects))
        if self.asset is not None:
            describe_event(context, self.asset, deleted)
        return deleted


class OroCommerceDeleteProductsOperator(OroCommerceDeleteOperator):
    """Disables and discontinues products by SKU, or deletes them with `hard=True`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "products"
        super().__init__(**kwargs)


class OroCommerceDeleteProductPricesOperator(OroCommerceDeleteOperator):
    """Deletes prices by price list, product, unit, quantity and currency."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["entity"] = "productprices"
        super().__init__(**kwargs)
