"""The sensor for records of any entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oro_provider.sensors.store import StoreSensor, filters_argument
from oro_provider.version_compat import conf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from oro_provider.entities.model import Entity


class OroCommerceRecordSensor(StoreSensor):
    """Waits until the store has records that match, and returns `FoundRecords`; their `ids` are for mapping.

    `OroCommerceRecordSensor(task_id="tracked", entity="ordershippingtrackings", filters={"orders": "7"})`.

    :param entity: what to look for: a type (`"products"`, or any other resource of your store) or an `Entity` of your own.
    :param filters: filters of the resource by name: `{"sku": ["A-1", "A-2"], "updatedAt[gte]": "2026-01-31T00:00:00Z"}`. (templated)
    :param min_records: how many records make a find.
    :param max_ids: how many ids are returned at most, by default as many as Airflow maps over.
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "entity", "filters")
    template_fields_renderers = {"filters": "json"}  # noqa: RUF012 - Airflow's form

    def __init__(
        self,
        *,
        entity: str | Entity,
        filters: Mapping[str, Any] | None = None,
        min_records: int = 1,
        max_ids: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entity = entity
        self.filters = filters
        self.min_records = min_records
        self.max_ids = max_ids

    def look(self, context: Context) -> tuple[Any, bool]:
        """Look once."""
        from oro_provider.extract.matching import find

        wanted = self._wanted()
        return self.ask(lambda client: find(client, wanted)), False

    def told(self, found: Any) -> str:
        return f"Found {found['count']} {found['entity']}{' and more' if found['truncated'] else ''}"

    def trigger(self, context: Context, deadline: str) -> BaseTrigger:
        from oro_provider.triggers.records import OroCommerceRecordTrigger

        return OroCommerceRecordTrigger(
            orocommerce_conn_id=self.orocommerce_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
            **self._wanted().to_json(),
        )

    def _wanted(self) -> Any:
        from oro_provider.extract.matching import Matching

        mapped = conf.getint("core", "max_map_length", fallback=1024)
        type_ = self.entity if isinstance(self.entity, str) else self.entity.type
        filters = filters_argument(self.filters, type_)
        return Matching(type_, filters, self.min_records, min(self.max_ids or mapped, mapped))
