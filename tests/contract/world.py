"""The store under contract: calls to it, and the records that cases need, made on demand and swept afterwards."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from tests.contract import documents as d

if TYPE_CHECKING:
    from collections.abc import Callable

JSONAPI = "application/vnd.api+json"


class World:
    """One store of one version."""

    def __init__(self, url: str, version: str, client_id: str, client_secret: str) -> None:
        self.url = url
        self.version = version
        self.run = f"CT{secrets.token_hex(4)}".upper()
        self.session = requests.Session()
        self.session.trust_env = False
        self.form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        answer = self.session.post(f"{url}/oauth2-token", data=self.form, timeout=30)
        self.token = str(answer.json()["access_token"])
        self._made = 0

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Send a request; a header of an empty string is not sent, `path` may begin with `/` for a place outside the API."""
        own = {"Accept": JSONAPI, "Authorization": f"Bearer {self.token}"}
        if body is not None:
            own["Content-Type"] = JSONAPI
        own |= headers or {}
        shown = {name: value for name, value in own.items() if value}
        blocked = {name: None for name, value in own.items() if not value}
        place, _, query = path.partition("?")
        target = f"{self.url}{place}" if place.startswith("/") else f"{self.url}/admin/api/{place}"
        full = f"{target}?{quote(query, safe='=&%')}" if query else target
        data = body if isinstance(body, (str, bytes)) else None
        request = requests.Request(method, full, data=data, json=None if data is not None else body, headers=shown)
        prepared = self.session.prepare_request(request)
        for name, value in {**{n: None for n in ("Accept", "Accept-Encoding") if n not in shown}, **blocked}.items():
            if value is None:
                prepared.headers.pop(name, None)
        for name, value in shown.items():
            prepared.headers[name] = value
        return self.session.send(prepared, timeout=60, allow_redirects=False)

    def fresh(self) -> str:
        """A name that no record has."""
        self._made += 1
        return f"{self.run}-{self._made}"


class Makings:
    """The records of one case, by name; a record brings those that it needs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, str] = {"fresh": world.fresh(), "fresh2": world.fresh(), "run": world.run}
        self.ids["fresh_lower"] = self.ids["fresh"].lower()
        self._sweep: list[str] = []
        self._field = "order" if world.version in {"5.1", "6.0"} else "orders"
        self.ids["order_field"] = self._field

    def need(self, name: str) -> str:
        """The id of a record, made now if it is not there yet."""
        if name not in self.ids:
            kind = name.rstrip("0123456789")
            makers: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
                "customer": lambda: ("customers", d.doc("customers", {"name": self.fresh(name)})),
                "group": lambda: ("customergroups", d.doc("customergroups", {"name": self.fresh(name)})),
                "user": lambda: ("customerusers", d.customer_user(f"{self.fresh(name)}@example.com", self.need("customer"))),
                "address": lambda: ("customeraddresses", d.address("customer", self.need("customer"))),
                "user_address": lambda: ("customeruseraddresses", d.address("customerUser", self.need("user"))),
                "product": lambda: ("products", d.product(self.fresh(name))),
                "price_list": lambda: ("pricelists", d.doc("pricelists", {"name": self.fresh(name), "active": True, "priceListCurrencies": ["USD", "EUR"]})),
                "price": lambda: ("productprices", d.price(self.need("product"), self.need("price_list"))),
                "order": lambda: ("orders", d.order(self.fresh(name), self.need("customer"), self.need("product"))),
                "tracking": lambda: ("ordershippingtrackings", d.tracking(self.need("order"), field=self._field)),
                "tax": lambda: ("producttaxcodes", d.doc("producttaxcodes", {"code": self.fresh(name)})),
                "link": self._link,
                "role": lambda: ("customeruserroles", d.doc("customeruserroles", {"label": self.fresh(name)})),
            }  # fmt: skip
            made = makers[kind]()
            self._make(name, *made)
        return self.ids[name]

    def fresh(self, name: str) -> str:
        """A fresh name, remembered as `<record>_name`."""
        self.ids[f"{name}_name"] = self.world.fresh()
        self.ids[f"{name}_lower"] = self.ids[f"{name}_name"].lower()
        return self.ids[f"{name}_name"]

    def _link(self) -> tuple[str, dict[str, Any]]:
        relations = {
            "customerGroup": d.ref("customergroups", self.need("group")),
            "priceList": d.ref("pricelists", self.need("price_list")),
        }
        return "pricelisttocustomergroups", d.doc("pricelisttocustomergroups", {"sortOrder": 10}, relations)

    def _make(self, name: str, resource: str, document: dict[str, Any]) -> None:
        answer = self.world.send("POST", resource, document)
        assert answer.status_code == 201, f"{name} could not be made: {answer.status_code} {answer.text[:500]}"
        made = answer.json()
        self.ids[name] = made["data"]["id"]
        self._sweep.append(f"{resource}/{self.ids[name]}")
        for one in made.get("included", ()):
            self.ids[f"{name}_{one['meta']['includeId']}"] = one["id"]

    def made(self, answer: requests.Response) -> None:
        """Note what the case itself created, so that it is swept."""
        if answer.status_code == 201 and "Location" in answer.headers:
            data = answer.json().get("data")
            if isinstance(data, dict) and "id" in data:
                self._sweep.append(f"{data['type']}/{data['id']}")
        elif answer.status_code == 200 and answer.request.method == "PATCH" and answer.text.startswith('{"data":['):
            self._sweep += [f"{one['type']}/{one['id']}" for one in answer.json()["data"]]

    def sweep(self) -> None:
        """Delete what was made, the last first; what is gone already or may not be deleted stays as it is."""
        for path in reversed(self._sweep):
            self.world.send("DELETE", path)
