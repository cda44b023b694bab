"""What records refer to comes with them whole: parents of their own type, long lists below what is included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.exchange import Response
from oro_provider.entities.orders import ORDERS, SHIPPING_TRACKINGS
from oro_provider.extract.reader import Extract
from oro_provider.sandbox import running
from tests.integration.reading import changing, lines, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oro_provider.api.exchange import Request
    from oro_provider.sandbox.server import RunningStore

JSONAPI = "application/vnd.api+json"


@pytest.fixture
def sandbox() -> Iterator[RunningStore]:
    with running(seed=3, orders=60, version="6.1") as sandbox:
        yield sandbox


@pytest.fixture
def families(sandbox: RunningStore) -> RunningStore:
    """Orders 5 and 50 are parts of order 4, on the first of their parent's pages and on another."""
    sandbox.execute('UPDATE orders SET "parent" = 4 WHERE "id" IN (5, 50)')
    return sandbox


def test_a_parent_is_nested_wherever_the_store_sends_it(families: RunningStore, tmp_path: Path) -> None:
    records = lines(run(families, tmp_path, Extract(ORDERS, include=("parent", "subOrders.parent"))))
    parents = {record["id"]: record["parent"] for record in records if record["parent"]}
    assert {id_: parent["identifier"] for id_, parent in parents.items()} == dict.fromkeys(
        ("5", "50"), records[3]["identifier"]
    )
    assert [(part["id"], part["parent"]["id"]) for part in records[3]["subOrders"]] == [("5", "4"), ("50", "4")]


def test_parents_as_objects_are_no_orders_of_the_extract(families: RunningStore, tmp_path: Path) -> None:
    manifest = run(families, tmp_path, Extract(ORDERS, include=("parent",), layout="objects"))
    assert [order["id"] for order in lines(manifest)] == [str(id_) for id_ in range(1, 61)]
    (related,) = manifest["related"]["orders"]
    assert [json.loads(line)["id"] for line in Path(related).read_text().splitlines()] == ["4"]


@pytest.mark.parametrize("layout", ["records", "objects"])
def test_a_list_of_an_included_record_that_the_store_cuts_is_read_to_its_end(tmp_path: Path, layout: Any) -> None:
    with running(seed=3, orders=30, version="5.1") as sandbox:
        customer = sandbox.execute('SELECT "customer" FROM orders WHERE "id" = 7')[0][0]
        names = [f'"{row[1]}"' for row in sandbox.execute("PRAGMA table_info(customeraddresses)") if row[1] != "id"]
        values = [str(customer) if name == '"customer"' else name for name in names]
        sandbox.execute(
            f"INSERT INTO customeraddresses ({', '.join(names)}) WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) "
            f"SELECT {', '.join(values)} FROM customeraddresses, n WHERE id = 1"
        )
        stored = sandbox.execute(f'SELECT "id" FROM customeraddresses WHERE "customer" = {customer}')
        manifest = run(sandbox, tmp_path, Extract(ORDERS, include=("customer.addresses",), layout=layout))
    wanted = {str(row[0]) for row in stored}
    if layout == "records":
        found = [record["customer"] for record in lines(manifest) if record["customer"]["id"] == str(customer)]
        assert found
        assert all({address["id"] for address in one["addresses"]} == wanted for one in found)
    else:
        (path,) = manifest["related"]["customeraddresses"]
        assert wanted <= {json.loads(line)["id"] for line in Path(path).read_text().splitlines()}


def test_a_list_that_only_this_store_has_is_read_to_its_end(
    sandbox: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = [{"type": "mythings", "id": str(id_)} for id_ in range(1, 131)]

    def with_things(request: Request, response: Response) -> Response:
        if "/orders/41/myThings" in request.url:
            return Response(200, {"content-type": JSONAPI}, json.dumps({"data": things}).encode())
        if response.status != 200 or "myThings" not in request.url:
            return response
        document = json.loads(response.body)
        for order in document["data"]:
            order["relationships"]["myThings"] = {"data": things[:100] if order["id"] == "41" else []}
            order["relationships"]["myThing"] = {"data": things[0]}
        return Response(200, response.headers, json.dumps(document).encode())

    changing(monkeypatch, with_things)
    records = lines(run(sandbox, tmp_path, Extract(ORDERS, fields=("myThings", "myThing"))))
    found = {record["id"]: record["_extra"] for record in records}
    assert len(found.pop("41")["myThings"]) == 130
    assert all(extra == {"myThing": "1", "myThings": []} for extra in found.values())


@pytest.mark.parametrize("include", ["lineItems.orders", "lineItems.orders.customer"])
def test_an_include_below_another_that_a_store_does_not_know_is_told(tmp_path: Path, include: str) -> None:
    # Lines have one `order` before 6.1.
    with (
        running(seed=3, orders=12, version="5.1") as sandbox,
        pytest.raises(ValueError, match="this store's orderlineitems have no orders: leave it out of `include`"),
    ):
        run(sandbox, tmp_path, Extract(ORDERS, include=(include,)))


@pytest.mark.parametrize(
    ("version", "said"),
    [("5.1", {"order": "7"}), ("6.0", {"order": "7"}), ("6.1", {"orders": ["7"]}), ("7.0", {"orders": ["7"]})],
)
def test_a_tracking_names_its_order_as_its_version_does(tmp_path: Path, version: str, said: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    with running(seed=3, orders=12, version=version) as sandbox:
        trackings = Extract(SHIPPING_TRACKINGS, fields=("orders",))
        owner = {
            name: {"data": [ref(id_) for id_ in ids] if name == "orders" else ref(ids)} for name, ids in said.items()
        }
        data = {"type": trackings.type, "attributes": {"method": "UPS", "number": "1Z"}, "relationships": owner}
        sandbox.call(lambda store: store.writer.create(trackings.type, {"data": data}))
        record = lines(run(sandbox, tmp_path / "lines", trackings))[-1]
        row = pq.read_table(run(sandbox, tmp_path / "columns", trackings, format="parquet")["files"]).to_pylist()[-1]
    assert {name: value for name, value in record.items() if name in {"order", "orders"}} == said
    assert {name: row[name] for name in ("order", "orders") if row[name] is not None} == said
    assert "_extra" not in {**record, **row}


def ref(id_: str) -> dict[str, str]:
    return {"type": "orders", "id": id_}
