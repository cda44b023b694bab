"""What every operator of ours has in common: a connection, and the work done in one event loop with one client."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseOperator

from oro_provider.arguments import Templated
from oro_provider.links import OroCommerceListLink, leave, list_page
from oro_provider.operators.records import Records
from oro_provider.retry import airflow_errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from airflow.sdk import Asset, BaseOperatorLink, Context

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.model import Entity
    from oro_provider.hooks.orocommerce import OroCommerceHook

T = TypeVar("T")


class StoreOperator(Templated, BaseOperator):
    """An operator on the store of a connection."""

    ui_color = "#fde3c8"

    def __init__(self, *, orocommerce_conn_id: str = "orocommerce_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.orocommerce_conn_id = orocommerce_conn_id

    @cached_property
    def hook(self) -> OroCommerceHook:
        """The connection's hook; for use within `airflow_errors`."""
        from oro_provider.hooks.orocommerce import OroCommerceHook

        return OroCommerceHook(self.orocommerce_conn_id)

    def work(self, job: Callable[[AsyncOroClient], Awaitable[T]]) -> T:
        """Run a job with a client of the connection's store; what goes wrong becomes Airflow's errors."""

        async def run() -> T:
            async with self.hook.async_client as client:
                return await job(client)

        with airflow_errors():
            self.hook.client.token()  # before there is a loop: the token is masked, and bad credentials show at once
            return asyncio.run(run())


class ListOperator(StoreOperator):
    """An operator that is about many records of an entity: its task links to their page in the back office."""

    operator_extra_links: Collection[BaseOperatorLink] = (OroCommerceListLink(),)

    def link_list(self, context: Context, entity: Entity) -> None:
        """Leave the link's address, before the store is asked for anything."""
        with airflow_errors():
            leave(context, OroCommerceListLink(), list_page(self.hook.settings, entity))


class WritingOperator(ListOperator):
    """An operator that changes records as rows say, and remembers what it could not change."""

    def __init__(
        self,
        *,
        entity: str | Entity,
        records: Any,
        rejects: Any,
        max_rejects: float,
        dry_run: bool,
        asset: Asset | None,
        **kwargs: Any,
    ) -> None:
        if dry_run:
            asset = None
        if asset is not None:
            kwargs["outlets"] = [*(kwargs.get("outlets") or []), asset]
        super().__init__(**kwargs)
        self.entity = entity
        self.records = records
        self.rejects = rejects
        self.max_rejects = max_rejects
        self.dry_run_only = dry_run
        self.asset = asset

    def rendered(self) -> None:
        self.records = Records.of(self.records)


def entities_argument(entity: str | Entity) -> tuple[Entity, ...]:
    """Return the entities that a task's rows belong to; raise `ValueError` naming those that there are."""
    from oro_provider.entities import entities_of

    return entities_of(entity)


def entity_argument(entity: str | Entity) -> Entity:
    """Return the entity that a task names; raise `ValueError` naming those that there are."""
    from oro_provider.entities import entity_of

    return entity_of(entity)
