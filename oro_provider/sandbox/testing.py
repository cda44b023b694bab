"""What a test does with a store: seed it, read it back, see what was asked of it, break it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oro_provider.entities.shapes import SHAPES
from oro_provider.sandbox.exchange import Request
from oro_provider.sandbox.storage import COMPUTED, quoted

if TYPE_CHECKING:
    from oro_provider.sandbox.server import RunningStore


class TestStore:
    """A running store in the words of a test. `running` has the rest: faults, changes, SQL."""

    __test__ = False  # pytest is not to collect it

    def __init__(self, running: RunningStore) -> None:
        self.running = running
        self.url = running.url
        self.client_id = running.client_id
        self.client_secret = running.client_secret

    @property
    def connection(self) -> dict[str, Any]:
        """An Airflow connection to the store, as the JSON form of `AIRFLOW_CONN_...` takes it."""
        parts = urlsplit(self.url)
        return {
            "conn_type": "orocommerce",
            "host": f"{parts.scheme}://{parts.hostname}",
            "port": parts.port,
            "login": self.client_id,
            "password": self.client_secret,
            "extra": {"allow_http": True},
        }

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """The requests that the store answered, those whose path holds `path`."""
        return [one for one in self.running.requests() if path in one["path"]]

    def create(
        self, resource: str, attributes: dict[str, Any], included: list[dict[str, Any]] | None = None, **relations: Any
    ) -> str:
        """Create a record past the API's door, with the store's own rules; its id. `relations` are ids, lists of ids, or linkage."""
        data: dict[str, Any] = {"type": resource, "attributes": attributes}
        if relations:
            data["relationships"] = {name: {"data": _linkage(resource, name, one)} for name, one in relations.items()}
        document = {"data": data, **({"included": included} if included else {})}
        written = self.running.call(lambda store: store.writer.create(resource, document))
        return str(written.id)

    def records(self, resource: str, **equal: Any) -> list[dict[str, Any]]:
        """The records of a resource as flat dicts of their columns, those where the named columns are equal."""
        if resource not in SHAPES or resource in COMPUTED:
            raise ValueError(f"{resource} has no table")
        where = " AND ".join(f"{quoted(name)} = ?" for name in equal)
        statement = f"SELECT * FROM {quoted(resource)}{' WHERE ' + where if where else ''} ORDER BY 1"  # noqa: S608
        return self.running.call(lambda store: _rows(store.connection, statement, tuple(equal.values())))

    def count(self, resource: str) -> int:
        """How many records a resource has."""
        return len(self.records(resource))

    def orders(self) -> list[dict[str, Any]]:
        """All orders."""
        return self.records("orders")

    def fail(self, kind: str, **rule: Any) -> None:
        """Break answers: `fail("503", path="/orders", times=2)`; the kinds are those of `faults.KINDS`."""
        self.running.fail(kind, **rule)

    def get(self, path: str) -> dict[str, Any]:
        """A document of the API, read without a token and without a trace in the log: `get("orders/1?include=lineItems")`."""
        place, _, query = path.partition("?")
        host = urlsplit(self.url).netloc
        request = Request("GET", f"/admin/api/{place}", query, {"accept": "application/vnd.api+json", "host": host})
        return self.running.read(request)


def _linkage(resource: str, name: str, one: Any) -> Any:
    to = SHAPES[resource].relationships[name]
    if isinstance(one, list):
        return [_linkage(resource, name, each) for each in one]
    return one if isinstance(one, dict) or one is None else {"type": to.type, "id": str(one)}


def _rows(connection: Any, statement: str, parameters: tuple[Any, ...]) -> list[dict[str, Any]]:
    cursor = connection.execute(statement, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
