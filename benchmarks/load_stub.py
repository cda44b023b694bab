"""A store for load benchmarks: it answers at once, or after the same time whatever is asked, and keeps its records in dicts.

`python -m benchmarks.load_stub <latency in ms> <products>` prints its port. Prices are taken and not kept.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import uvicorn

JSONAPI = [(b"content-type", b"application/vnd.api+json")]


def record(type_: str, id_: int | str, attributes: dict[str, Any], **relations: Any) -> dict[str, Any]:
    relationships = {
        name: {"data": {"type": to[0], "id": str(to[1])} if to is not None else None} for name, to in relations.items()
    }
    return {"type": type_, "id": str(id_), "attributes": attributes, "relationships": relationships}


class Records:
    """Resources by type, in order of their ids."""

    def __init__(self, products: int) -> None:
        self.ids = itertools.count(1)
        self.operations: dict[int, int] = {}
        self.tables: dict[str, dict[str, dict[str, Any]]] = {
            name: {} for name in ("products", "productnames", "productunitprecisions")
        }
        self.tables["productunits"] = {"each": record("productunits", "each", {})}
        self.tables["prodinventorystatuses"] = {"in_stock": record("prodinventorystatuses", "in_stock", {})}
        self.tables["attributefamilies"] = {"1": record("attributefamilies", 1, {"code": "default_family"})}
        self.tables["producttaxcodes"] = {"1": record("producttaxcodes", 1, {"code": "TAXABLE"})}
        self.tables["pricelists"] = {"1": record("pricelists", 1, {"name": "Wholesale"})}
        self.skus: dict[str, str] = {}
        self.of_product: dict[tuple[str, str], dict[str, Any]] = {}  # a product's only name, its only unit
        for number in range(products):
            self.add_product(f"SKU-{number:06}", f"Thing {number}", "1")

    def add_product(self, sku: str, name: str, tax_code: str | None) -> str:
        id_, unit, text = next(self.ids), next(self.ids), next(self.ids)
        self.tables["products"][str(id_)] = record(
            "products", id_, {"sku": sku, "status": "enabled"}, primaryUnitPrecision=("productunitprecisions", unit),
            taxCode=("producttaxcodes", tax_code) if tax_code else None,
        )  # fmt: skip
        self.tables["productunitprecisions"][str(unit)] = record(
            "productunitprecisions", unit, {"precision": 0, "conversionRate": 1, "sell": True},
            product=("products", id_), unit=("productunits", "each"),
        )  # fmt: skip
        self.tables["productnames"][str(text)] = record(
            "productnames", text, {"string": name, "fallback": None}, product=("products", id_), localization=None
        )
        self.skus[sku] = str(id_)
        self.of_product["productunitprecisions", str(id_)] = self.tables["productunitprecisions"][str(unit)]
        self.of_product["productnames", str(id_)] = self.tables["productnames"][str(text)]
        return str(id_)

    def listed(self, type_: str, query: dict[str, str]) -> list[dict[str, Any]]:
        """The records of a list: by SKU, by owner or by id, above an id, so many."""
        table = self.tables.get(type_, {})
        rows: Any = table.values()
        if "filter[sku]" in query:
            skus = query["filter[sku]"].split(",")
            rows = [table[self.skus[sku]] for sku in skus if sku in self.skus]
        elif "filter[product]" in query:
            owners = query["filter[product]"].split(",")
            rows = [self.of_product[type_, one] for one in owners if (type_, one) in self.of_product]
        above = query.get("filter[id][gt]")
        if above:
            rows = [row for row in rows if int(row["id"]) > int(above)]
        if type_ not in {"productunits", "prodinventorystatuses"}:
            rows = sorted(rows, key=lambda row: int(row["id"]))
        size = int(query.get("page[size]", "10"))
        start = (int(query.get("page[number]", "1")) - 1) * size
        return list(rows)[start : start + size]

    def write(self, item: dict[str, Any], included: dict[str, dict[str, Any]]) -> str:
        """Create or update a product."""
        if item["type"] != "products":
            return str(next(self.ids))
        texts = [
            included[ref["id"]]
            for ref in item.get("relationships", {}).get("names", {}).get("data", [])
            if ref["id"] in included
        ]
        if item.get("id") in self.tables["products"]:
            row = self.tables["products"][item["id"]]
            row["attributes"].update(item.get("attributes", {}))
            row["relationships"].update(item.get("relationships", {}))
            for text in texts:
                self.tables["productnames"][text["id"]]["attributes"].update(text["attributes"])
            return str(item["id"])
        tax = item.get("relationships", {}).get("taxCode", {}).get("data")
        return self.add_product(item["attributes"]["sku"], texts[0]["attributes"]["string"], tax["id"] if tax else None)

    def batch(self, body: dict[str, Any]) -> int:
        included = {one["id"]: one for one in body.get("included", [])}
        for item in body["data"]:
            self.write(item, included)
        operation = len(self.operations) + 1
        self.operations[operation] = len(body["data"])
        return operation

    def operation(self, number: int) -> dict[str, Any]:
        count = self.operations[number]
        summary = {"readCount": count, "writeCount": count, "errorCount": 0, "createCount": count, "updateCount": 0}
        return record("asyncoperations", number, {"status": "success", "entityType": "products", "summary": summary})


def _flat(body: dict[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in body.items():
        path = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, dict):
            found |= _flat(value, path)
        else:
            found[path.removesuffix("[eq]")] = value
    return found


class Stub:
    """The ASGI application."""

    def __init__(self, latency: float, products: int) -> None:
        self.latency = latency
        self.records = Records(products)
        self.requests = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path, method = scope["path"], scope["method"]
        headers = dict(scope["headers"])
        if self.latency and not path.startswith("/stub"):
            await asyncio.sleep(self.latency)
        status, document = self.answer(method, path, headers, scope["query_string"].decode(), body)
        await send({"type": "http.response.start", "status": status, "headers": JSONAPI})
        await send({"type": "http.response.body", "body": msgspec.json.encode(document)})

    def answer(self, method: str, path: str, headers: dict[bytes, bytes], query: str, body: bytes) -> tuple[int, Any]:
        if path == "/oauth2-token":
            return 200, {"token_type": "Bearer", "expires_in": 3600, "access_token": "stub"}
        if path == "/stub/requests":
            return 200, {"requests": self.requests}
        self.requests += 1
        type_, _, id_ = path.removeprefix("/admin/api/").partition("/")
        overridden = method == "POST" and headers.get(b"x-http-method-override") == b"GET"
        if method == "GET" or overridden:
            if type_ == "asyncoperations":
                self.requests -= 1  # polling does not count
                return 200, {"data": [] if "/" in id_ else self.records.operation(int(id_))}
            if id_:
                return 200, {"data": self.records.tables[type_][id_]}
            asked = _flat(json.loads(body)) if overridden else dict(parse_qsl(query))
            return 200, {"data": self.records.listed(type_, asked)}
        document = msgspec.json.decode(body)
        if method == "PATCH" and not id_:
            return 202, {"data": self.records.operation(self.records.batch(document))}
        included = {one["id"]: one for one in document.get("included", [])}
        made = self.records.write(document["data"], included)
        return 201 if method == "POST" else 200, {"data": {"type": type_, "id": made}}


if __name__ == "__main__":
    config = uvicorn.Config(
        Stub(float(sys.argv[1]) / 1000, int(sys.argv[2])),
        port=int(sys.argv[3]),
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    uvicorn.Server(config).run()
