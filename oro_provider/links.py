"""Links from a task to the store's back office: the record that it read, the list that it is about, the operation that it waited for.

A task leaves the address in XCom as soon as it knows it, so that the link is there while it runs and when it fails; the link
itself only reads that. Addresses are made here and lead to the connection's host and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey

    from oro_provider.api.settings import Settings
    from oro_provider.entities.model import Entity

# OroPlatform's grid of jobs (5.1 to 6.1): its name, and the number of the text filter's operator "is equal to".
_JOBS = "message-queue/jobs/"
_JOBS_GRID = "oro_message_queue_root_jobs"
_EQUAL = "3"


class StoreLink(BaseOperatorLink):
    """A link whose address the task itself left in XCom; none where it left none."""

    # Airflow's worker stores what `get_link` returns under the same key when the task ends, however it ends.
    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address, "" where there is none; asks neither the store nor the connection."""
        from airflow.sdk.execution_time.xcom import XCom

        left = XCom.get_value(ti_key=ti_key, key=self.xcom_key)
        return left if isinstance(left, str) and urlsplit(left).scheme in {"http", "https"} else ""


class OroCommerceRecordLink(StoreLink):
    """The page of the record that a task is about."""

    name = "OroCommerce record"


class OroCommerceListLink(StoreLink):
    """The page of all records of the kind that a task reads or writes."""

    name = "OroCommerce list"


class OroCommerceOperationLink(StoreLink):
    """The job of the last operation that a load waited for, among the store's jobs."""

    name = "OroCommerce operation"


def leave(context: Context, link: StoreLink, address: str | None) -> None:
    """Leave a link's address with the task, None where the back office has no such page."""
    ti: Any = context.get("ti")
    if ti is not None:
        ti.xcom_push(key=link.xcom_key, value=address or "")


def record_page(settings: Settings, entity: Entity, id_: str) -> str | None:
    """Return the address of a record's page, None where the back office has no such page."""
    if entity.back_office is None:
        return None
    return _page(settings, entity.back_office.replace("{id}", quote(id_, safe="")))


def list_page(settings: Settings, entity: Entity) -> str | None:
    """Return the address of the page of all records, None where the back office has no such page."""
    return None if entity.list_page is None else _page(settings, entity.list_page)


def operation_page(settings: Settings, id_: str) -> str:
    """Return the address of the store's jobs, with the one of this operation picked out."""
    job = {"f[name][value]": f"oro:batch_api:{id_}", "f[name][type]": _EQUAL}
    return _page(settings, f"{_JOBS}?{urlencode({f'grid[{_JOBS_GRID}]': urlencode(job)})}")


def _page(settings: Settings, path: str) -> str:
    """Return the address of a path below the back office. One that would lead elsewhere cannot: it stands behind the host."""
    return "/".join(part for part in (settings.base_url, settings.admin_prefix, path.lstrip("/")) if part)
