"""What every operator of ours has in common: a connection, and the work done in one event loop with one client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseOperator

from oro_provider.retry import airflow_errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.entities.model import Entity

T = TypeVar("T")


class StoreOperator(BaseOperator):
    """An operator on the store of a connection."""

    ui_color = "#fde3c8"

    def __init__(self, *, orocommerce_conn_id: str = "orocommerce_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.orocommerce_conn_id = orocommerce_conn_id

    def work(self, job: Callable[[AsyncOroClient], Awaitable[T]]) -> T:
        """Run a job with a client of the connection's store; what goes wrong becomes Airflow's errors."""
        from oro_provider.hooks.orocommerce import OroCommerceHook

        async def run() -> T:
            async with hook.async_client as client:
                return await job(client)

        with airflow_errors():
            hook = OroCommerceHook(self.orocommerce_conn_id)
            hook.client.token()  # before there is a loop: the token is masked, and bad credentials show at once
            return asyncio.run(run())


def entities_argument(entity: str | Entity) -> tuple[Entity, ...]:
    """Return the entities that a task's rows belong to; raise `ValueError` naming those that there are."""
    from oro_provider.entities import entities_of

    return entities_of(entity)


def entity_argument(entity: str | Entity) -> Entity:
    """Return the entity that a task names; raise `ValueError` naming those that there are."""
    from oro_provider.entities import entity_of

    return entity_of(entity)
