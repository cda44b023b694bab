"""What a task read and wrote, as OpenLineage tells it: datasets of the store and of files, their fields, how many rows.

All of it is what the task knows anyway; nothing is asked of the store or of Airflow, since OpenLineage looks from a process of its
own. Needs the extra `openlineage` where it is called, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow.providers.common.compat.openlineage.facet import Dataset, DatasetFacet, OutputDataset
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.generated.base import OutputDatasetFacet

    from oro_provider.entities.model import Entity
    from oro_provider.extract.manifest import Manifest
    from oro_provider.extract.spec import Extract
    from oro_provider.load.outcome import Outcome

SCHEME = "orocommerce"


@dataclass(slots=True)
class Extracted:
    """An extract of a store (its `base_url`) into `<target>/<entity>`; `manifest` once it is published.

    `target` is None where the records themselves were returned.
    """

    base_url: str
    spec: Extract
    target: str | None
    manifest: Manifest | None = None

    def lineage(self) -> OperatorLineage[Any, Any]:
        """Return the store's resource as input and the entity's folder, over all windows, as output."""
        from airflow.providers.openlineage.extractors import OperatorLineage

        spec = self.spec
        inputs = [store_dataset(self.base_url, spec.entity)]
        if self.target is None:
            return OperatorLineage(inputs=inputs)
        told: Mapping[str, Any] = self.manifest or {}
        related = sum(len(files) for files in told.get("related", {}).values())
        facets = _schema(spec.entity, spec.sparse[spec.type]) if spec.layout == "records" else {}
        output = _written(
            *_file_name(f"{self.target.rstrip('/')}/{spec.type}"),
            facets,
            rows=told.get("count"),
            size=told.get("bytes"),
            files=len(told["files"]) + related if told else None,
        )
        return OperatorLineage(inputs=inputs, outputs=[output])


@dataclass(slots=True)
class Loaded:
    """A load into a store (its `base_url`) of rows from `source`, the path of their file or folder; `outcome` once it has ended.

    Rows of several `entities` are counted together, so that none of these has a count of its own.
    """

    base_url: str
    entities: tuple[Entity, ...]
    source: str | None
    dry_run: bool = False
    outcome: Outcome | None = None

    def lineage(self) -> OperatorLineage[Any, Any]:
        """Return the rows' file as input and the store's resource as output; a dry run only reads."""
        from airflow.providers.common.compat.openlineage.facet import Dataset
        from airflow.providers.openlineage.extractors import OperatorLineage

        inputs = [Dataset(*_file_name(self.source))] if self.source is not None else []
        stored = [store_dataset(self.base_url, entity) for entity in self.entities]
        if self.dry_run:
            return OperatorLineage(inputs=[*inputs, *stored])
        counted = self.outcome if len(stored) == 1 else None
        rows = counted["created"] + counted["updated"] if counted is not None else None
        written = [_written(one.namespace, one.name, one.facets or {}, rows=rows) for one in stored]
        return OperatorLineage(inputs=inputs, outputs=written)


def store_dataset(base_url: str, entity: Entity) -> Dataset:
    """Return the dataset of a store's resource, with the fields that are known of it."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    return Dataset(*store_name(base_url, entity.type), facets=_schema(entity))


def store_name(base_url: str, resource: str) -> tuple[str, str]:
    """Return namespace and name of a store's resource: the host, since several connections may lead to one store."""
    parts = urlsplit(base_url)
    return f"{SCHEME}://{parts.netloc}", f"{parts.path}/{resource}".lstrip("/")


def _file_name(path: str) -> tuple[str, str]:
    """Return namespace and name of a path, as OpenLineage names files; the connection in an object storage's URL is no part of them."""
    if "://" not in path or path.startswith("file://"):
        return "file", path.removeprefix("file://")
    parts = urlsplit(path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.strip("/")


def _schema(entity: Entity, names: Iterable[str] | None = None) -> dict[str, DatasetFacet]:
    """Return the facet of an entity's fields, of all or of those named; none for a resource of which no field is known."""
    from airflow.providers.common.compat.openlineage.facet import SchemaDatasetFacet, SchemaDatasetFacetFields

    kinds: dict[str, str] = {"id": "string", **entity.shape.attributes}
    kinds |= {name: f"{to.type}{'[]' if to.many else ''}" for name, to in entity.shape.relationships.items()}
    if len(kinds) == 1:
        return {}
    wanted = kinds if names is None else ["id", *names]
    fields = [SchemaDatasetFacetFields(name=name, type=kinds[name]) for name in wanted if name in kinds]
    return {"schema": SchemaDatasetFacet(fields=fields)}


def _written(
    namespace: str,
    name: str,
    facets: Mapping[str, DatasetFacet],
    *,
    rows: int | None,
    size: int | None = None,
    files: int | None = None,
) -> OutputDataset:
    from airflow.providers.common.compat.openlineage.facet import OutputDataset, OutputStatisticsOutputDatasetFacet

    told: dict[str, OutputDatasetFacet] = {}
    if rows is not None:
        statistics = OutputStatisticsOutputDatasetFacet(rowCount=rows, size=size)
        if hasattr(statistics, "fileCount"):
            statistics.fileCount = files
        told["outputStatistics"] = statistics
    return OutputDataset(namespace=namespace, name=name, facets=dict(facets), outputFacets=told)
