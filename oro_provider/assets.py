"""What the store holds, as assets: `orocommerce://<connection id>/<resource>`, their handler, factory and OpenLineage name.

The address names the connection and not the host, so that a DAG file needs neither a connection nor a store to be parsed;
lineage names the host, since two connections may lead to one store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.sdk import Asset

from oro_provider.lineage import SCHEME, store_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset
    from airflow.sdk import Context

EVENT_KEYS = (
    "entity", "since", "until", "count", "read", "created", "updated", "unchanged", "deleted", "retired", "absent", "rejected",
    "complete",
)  # fmt: skip


def asset_uri(orocommerce_conn_id: str, resource: str) -> str:
    """Return `orocommerce://<connection id>/<resource>`."""
    return f"{SCHEME}://{orocommerce_conn_id}/{resource}"


def create_asset(*, orocommerce_conn_id: str = "orocommerce_default", resource: str, **arguments: Any) -> Asset:
    """Return the asset of a resource of a store; `arguments` are those of `Asset`: `name`, `group`, `extra`, `watchers`."""
    return Asset(uri=asset_uri(orocommerce_conn_id, resource), **arguments)


def orders_asset(orocommerce_conn_id: str = "orocommerce_default", **arguments: Any) -> Asset:
    """Return the asset of a store's orders: `orocommerce://orocommerce_default/orders`."""
    return create_asset(orocommerce_conn_id=orocommerce_conn_id, resource="orders", **arguments)


def describe_event(context: Context, asset: Asset, result: Mapping[str, Any]) -> None:
    """Put the counts and the window of a manifest, an outcome or a deletion into the event that the task's success sends for an asset.

    Nothing else of it: an event is stored and logged whole.
    """
    told = {name: result[name] for name in EVENT_KEYS if name in result}
    context["outlet_events"][asset].extra.update(told)


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Return a URI as Airflow keeps it; raise `ValueError` for one that names no connection and resource."""
    resource = uri.path.strip("/")
    if not uri.netloc or not resource or "/" in resource or uri.query or uri.fragment:
        raise ValueError(
            f"{uri.geturl()!r} should be {SCHEME}://<connection id>/<resource>, such as {SCHEME}://orocommerce_default/orders"
        )
    if "@" in uri.netloc:
        raise ValueError(f"an asset of {SCHEME} names a connection, never a login or a password")
    return uri._replace(path=f"/{resource}")


def convert_asset_to_openlineage(asset: Asset, lineage_context: Any) -> OpenLineageDataset:
    """Return the dataset that lineage knows an asset by: the store's host and the resource."""
    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset

    from oro_provider.hooks.orocommerce import OroCommerceHook

    parts = urlsplit(asset.uri)
    namespace, name = store_name(OroCommerceHook(parts.netloc).settings.base_url, parts.path.strip("/"))
    return OpenLineageDataset(namespace=namespace, name=name)
