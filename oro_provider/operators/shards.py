"""A window that several machines read: a task that plans it, mapped extracts that read a shard each, a task that publishes.

The limit on the store is per process (`max_connections`), so the mapped tasks share an Airflow pool: slots times connections
are what the store sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from oro_provider.operators.extract import OroCommerceExtractOperator, attempt
from oro_provider.operators.store import StoreOperator
from oro_provider.paths import path_of
from oro_provider.retry import airflow_errors
from oro_provider.version_compat import AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow.sdk import Context

    from oro_provider.extract.manifest import Manifest
    from oro_provider.extract.shards import Shard


class OroCommercePlanExtractOperator(OroCommerceExtractOperator):
    """Cuts a window into shards, ranges of ids with about as many records each, and returns them as a list for mapping.

    It takes what the extract takes; `OroCommerceExtractOperator.partial(...).expand(shard=plan.output)` reads them. Costs a request
    for 5,000 records. A window without records is one empty shard.

    :param shards: how many at most.
    """

    writes_files = False

    def __init__(self, *, shards: int = 8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shards = shards

    def _extract(self, context: Context) -> Any:
        from oro_provider.extract.shards import plan_shards

        if self.window is not None:
            raise AirflowFailException("a plan cuts a window of time: leave out window= and asset=")
        spec = self.spec(context)
        plan = attempt(context) or uuid4().hex[:12]
        shards: list[Shard] = self.work(lambda client: plan_shards(client, spec, self.shards, plan))
        count = sum(shard["records"] for shard in shards)
        self.log.info("Planned %s %s of %s into %s shards", count, spec.type, spec.window or "the store", len(shards))
        return shards


class OroCommercePublishExtractOperator(StoreOperator):
    """Publishes the shards of a plan as one window and returns its `Manifest`; fails where one is missing.

    :param target: as in the extracts. (templated)
    :param shards: what the plan returned. (templated)
    :param manifests: what the mapped extracts returned. (templated)
    """

    template_fields: Sequence[str] = ("orocommerce_conn_id", "target", "shards", "manifests")

    def __init__(self, *, target: Any, shards: Iterable[Shard], manifests: Iterable[Manifest], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target
        self.shards = shards
        self.manifests = manifests

    def execute(self, context: Context) -> Manifest:
        from pathlib import PurePosixPath

        from oro_provider.extract.shards import publish_shards

        with airflow_errors():
            manifests = sorted(self.manifests, key=lambda manifest: manifest["path"])
            if not manifests:
                raise ValueError("there is no shard to publish: map the extracts over the plan's output")
            # The window's folder is the one above each shard's.
            path = PurePosixPath(manifests[0]["path"].partition("://")[2] or manifests[0]["path"])
            folder = path_of(self.target) / manifests[0]["entity"] / path.parent.name
            manifest = publish_shards(folder, list(self.shards), manifests)
        self.log.info("Published %s %s in %s", manifest["count"], manifest["entity"], manifest["path"])
        return manifest
