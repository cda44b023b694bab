"""The ways in which a real store misleads its clients: each must be met here before it is met in production."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from oro_provider.sandbox import running
from tests.sandbox.conftest import Caller, order, product

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def old() -> Iterator[Caller]:
    """A 5.1 store."""
    with running(orders=10, version="5.1", search_delay=0.0) as store:
        yield Caller(store)


def test_a_search_ends_at_a_thousand_without_a_sign() -> None:
    with running(orders=5, search_delay=0.0) as store:
        caller = Caller(store)
        store.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 2200) "
            'INSERT INTO customers ("id", "name", "organization") SELECT i, \'Bulk \' || i, 1 FROM n'
        )
        answer = caller.get(
            "customers?filter[searchText]=Bulk&page[size]=5000&fields[customers]=name", X_Include="totalCount"
        )
        assert len(answer.json()["data"]) == 1000
        assert answer.headers["X-Include-Total-Count"] == "1201"
        assert "next" not in answer.json()["links"]


def test_5_1_cuts_an_order_at_a_hundred_lines(old: Caller) -> None:
    document = order("LONG-1")
    line = document["included"][0]
    document["included"] = [{**line, "id": f"line{n}"} for n in range(130)]
    document["data"]["relationships"]["lineItems"]["data"] = [
        {"type": "orderlineitems", "id": f"line{n}"} for n in range(130)
    ]
    number = old.post("orders", document).json()["data"]["id"]
    shown = old.get(f"orders/{number}?include=lineItems").json()
    assert len(shown["data"]["relationships"]["lineItems"]["data"]) == 100
    assert "next" in shown["data"]["relationships"]["lineItems"]["links"]
    assert len(shown["included"]) == 100
    assert "next" not in old.get(f"orders/{number}", X_Include="noHateoas").text
    assert len(old.ids(f"orderlineitems?filter[order]={number}&page[size]=-1")) == 130


def test_5_1_applies_only_the_last_of_two_operators(old: Caller) -> None:
    assert len(old.ids("customers?filter[id][gt]=3&filter[id][lt]=6")) == 5


def test_5_1_takes_no_list_of_price_ids(old: Caller, caller: Caller) -> None:
    for store, found in ((old, 0), (caller, 2)):
        two = store.ids("productprices?filter[priceList]=1&page[size]=2")
        assert len(store.ids(f"productprices?filter[priceList]=1&filter[id]={','.join(two)}")) == found


def test_5_1_knows_no_default_variant_and_no_order_of_options(old: Caller, caller: Caller) -> None:
    for path in ("products?filter[defaultVariant]=1", "prodinventorystatuses?filter[priority]=1"):
        assert (old.get(path).status_code, caller.get(path).status_code) == (400, 200)


def test_a_price_has_a_link_and_its_relations_none(caller: Caller) -> None:
    price = caller.get("productprices?filter[priceList]=1&page[size]=1").json()["data"][0]
    assert price["links"]["self"].endswith(f"/admin/api/productprices/{price['id']}")
    assert {tuple(relation) for relation in price["relationships"].values()} == {("data",)}


def test_5_1_ignores_the_synchronous_mode_and_the_dry_run(old: Caller) -> None:
    body = {"data": [{"type": "customers", "attributes": {"name": "Old"}}]}
    assert old.patch("customers", body, X_Mode="sync").status_code == 202
    document = order("DRY-OLD")
    document["data"]["meta"] = {"validate": True}
    assert old.post("orders", document).status_code == 201
    assert len(old.ids("orders?filter[identifier]=DRY-OLD")) == 1


def test_5_1_makes_no_settings_for_a_new_product(old: Caller, caller: Caller) -> None:
    def made(store: Caller) -> Any:
        data = store.post("products", product("SETTINGS-1")).json()["data"]
        return data["relationships"]["manageInventory"]["data"]

    assert made(old) is None
    assert made(caller)["type"] == "entityfieldfallbackvalues"


def test_a_default_address_clears_its_siblings_and_moves_them(caller: Caller) -> None:
    made = []
    for city in ("First", "Second"):
        data = {
            "type": "customeraddresses",
            "attributes": {
                "street": "1 Main", "city": city, "postalCode": "1", "organization": "F", "primary": True,
                "types": [{"default": True, "addressType": "billing"}],
            },
            "relationships": {
                "customer": {"data": {"type": "customers", "id": "11"}},
                "country": {"data": {"type": "countries", "id": "MC"}},
            },
        }  # fmt: skip
        made.append(caller.post("customeraddresses", {"data": data}).json()["data"]["id"])
    first = caller.get(f"customeraddresses/{made[0]}").json()["data"]["attributes"]
    assert first["primary"] is False
    assert first["types"] == [{"default": False, "addressType": "billing"}]


def test_a_deleted_product_leaves_its_order_lines_without_it(caller: Caller) -> None:
    number = caller.post("products", product("GONE-1")).json()["data"]["id"]
    document = order("KEEPS-1")
    document["included"][0]["relationships"]["product"]["data"]["id"] = number
    line = caller.post("orders", document).json()["included"][0]["id"]
    assert caller.call("DELETE", f"products/{number}").status_code == 204
    left = caller.get(f"orderlineitems/{line}").json()["data"]
    assert left["attributes"]["productSku"] == "GONE-1"
    assert left["relationships"]["product"]["data"] is None


def test_a_sort_over_a_to_many_relation_returns_fewer_rows(caller: Caller) -> None:
    document = caller.get("orders?sort=lineItems&page[size]=5").json()
    assert len(document["data"]) < 5
    assert "next" not in document["links"]


def test_names_do_not_begin_with_the_default_one(caller: Caller) -> None:
    number = caller.post("products", product("NAMES-1")).json()["data"]["id"]
    first = caller.ids(f"products/{number}/names?sort=id")[0]
    assert caller.get(f"productnames/{first}").json()["data"]["relationships"]["localization"]["data"] is not None


def test_a_long_address_is_refused_by_the_server_in_front(caller: Caller) -> None:
    answer = caller.get("customers?filter[id]=" + ",".join(map(str, range(100000, 102500))))
    assert (answer.status_code, answer.headers["Content-Type"]) == (414, "text/html; charset=UTF-8")
    body = {"filter": {"id": ",".join(map(str, range(1, 2500)))}, "page": {"size": "-1"}}
    assert len(caller.post("customers", body, X_HTTP_Method_Override="GET").json()["data"]) >= 40


def test_products_go_by_sku_for_an_integration_that_asks_for_it() -> None:
    with running(orders=5, version="6.1.11") as store:
        caller = Caller(store)
        listed = caller.get("products?page[size]=1", X_Integration_Type="ext_id").json()["data"][0]
        assert listed["attributes"]["dbId"] == 1
        assert "sku" not in listed["attributes"]
        one = caller.get(f"products/{listed['id']}", X_Integration_Type="ext_id").json()["data"]
        assert one["links"]["self"].endswith(f"/products/{listed['id']}")
        line = caller.get(
            "orderlineitems?page[size]=1&fields[orderlineitems]=product", X_Integration_Type="ext_id"
        ).json()["data"][0]
        sku = line["relationships"]["product"]["data"]["id"]
        assert caller.ids(f"products?filter[sku]={sku}") != []
        change = {"data": {"type": "products", "id": sku, "attributes": {"featured": True}}}
        assert caller.patch(f"products/{sku}", change, X_Integration_Type="ext_id").status_code == 200
        assert caller.get("products/NOPE-1", X_Integration_Type="ext_id").status_code == 404


def test_configurable_products_need_an_attribute_and_variants_that_differ() -> None:
    with running(orders=5, product_flags=("is_loud",)) as store:
        caller = Caller(store)
        ids = [caller.post("products", product(f"VAR-{n}", is_loud=bool(n % 2))).json()["data"]["id"] for n in range(3)]

        def configurable(sku: str, *variants: str) -> Any:
            document = product(sku, productType="configurable", variantFields=["is_loud"])
            document["data"]["id"] = "parent"
            document["data"]["relationships"]["variantLinks"] = {
                "data": [{"type": "productvariantlinks", "id": f"link{one}"} for one in variants]
            }
            document["included"] += [
                {
                    "type": "productvariantlinks",
                    "id": f"link{one}",
                    "relationships": {
                        "parentProduct": {"data": {"type": "products", "id": "parent"}},
                        "product": {"data": {"type": "products", "id": one}},
                    },
                }
                for one in variants
            ]
            return caller.post("products", document)

        assert configurable("CONF-1", ids[0], ids[1]).status_code == 201
        refused = configurable("CONF-2", ids[0], ids[2])
        assert {error["title"] for error in refused.json()["errors"]} == {"unique product variant links constraint"}


def test_a_person_logs_in_and_allows_with_pkce(own: Caller) -> None:
    url, browser = own.store.url, requests.Session()
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": f"{own.store.client_id}-public", "redirect_uri": "http://localhost/callback",
        "state": "s1", "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    page = f"{url}/admin/oauth2-token/authorize"
    login = browser.get(page, params=asked, timeout=5)
    assert "_password" in login.text
    wrong = {"_username": "admin", "_password": "no"}
    assert "_password" in browser.post(f"{url}/admin/user/login-check", data=wrong, timeout=5).text
    consent = browser.post(f"{url}/admin/user/login-check", data={**wrong, "_password": "admin"}, timeout=5)
    assert "Allow" in consent.text
    back = browser.post(page, params=asked, data={"grantAccess": "true"}, timeout=5, allow_redirects=False)
    answer = parse_qs(urlsplit(back.headers["Location"]).query)
    assert answer["state"] == ["s1"]
    form = {
        "grant_type": "authorization_code",
        "client_id": asked["client_id"],
        "redirect_uri": asked["redirect_uri"],
        "code": answer["code"][0],
    }
    token = f"{url}/oauth2-token"
    assert requests.post(token, data={**form, "code_verifier": "x"}, timeout=5).json()["error"] == "invalid_grant"
    assert "refresh_token" in requests.post(token, data={**form, "code_verifier": verifier}, timeout=5).json()
    assert (
        requests.post(token, data={**form, "code_verifier": verifier}, timeout=5).json()["hint"]
        == "Authorization code has been revoked"
    )
    denied = browser.post(page, params=asked, data={"grantAccess": "false"}, timeout=5, allow_redirects=False)
    assert "error=access_denied" in denied.headers["Location"]
    del asked["code_challenge"]
    assert (
        browser.get(page, params=asked, timeout=5).json()["hint"]
        == "Code challenge must be provided for public clients"
    )


def test_slow_answers_wrong_links_dying_tokens_and_a_wrong_clock(own: Caller) -> None:
    own.store.fail("latency", seconds=0.2, times=1)
    own.store.fail("slow_body", path="/orders", seconds=0.2, times=1)
    started = time.perf_counter()
    assert own.get("customers/1").status_code == 200
    assert len(own.get("orders").json()["data"]) == 10
    assert time.perf_counter() - started > 0.4
    own.store.switch(link_host="elsewhere.example", dying_tokens=1, clock_skew=-3600.0)
    assert own.get("orders").status_code == 401
    answer = own.get("orders")
    assert answer.json()["links"]["next"].startswith("http://elsewhere.example/")
    own.store.heal()
    later = own.get("orders")
    assert later.headers["Date"] > answer.headers["Date"] or later.headers["Date"] != answer.headers["Date"]


def test_faults_are_the_same_for_the_same_seed() -> None:
    found = []
    for _ in range(2):
        with running(orders=5, seed=3) as store:
            caller = Caller(store)
            store.fail("500", rate=0.5, path="/customers")
            found.append([caller.get("customers/1").status_code for _ in range(20)])
    assert found[0] == found[1]
    assert set(found[0]) == {200, 500}


def test_a_live_store_changes_by_itself() -> None:
    with running(orders=20, live=1200.0) as store:
        before = store.execute('SELECT max("updatedAt"), count(*), total("poNumber" IS NULL) FROM orders')
        deadline = time.monotonic() + 5
        while store.execute('SELECT max("updatedAt"), count(*), total("poNumber" IS NULL) FROM orders') == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_many_rows_change_in_one_second(own: Caller) -> None:
    done = own.store.change(30, same_second=True)
    changed = {one for one in done["created"] + done["changed"] if one not in done["deleted"]}
    rows = own.store.execute('SELECT "id", "updatedAt" FROM orders')
    assert len({updated for one, updated in rows if one in changed}) == 1


def test_what_only_the_database_sees_is_a_conflict(own: Caller) -> None:
    taken = str(int(max(own.ids("orders?page[size]=-1"), key=int)) + 2)
    assert own.post("orders", order(taken)).status_code == 201
    document = order("x")
    del document["data"]["attributes"]["identifier"]  # so the store makes its id the identifier, which is taken
    answer = own.post("orders", document)
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["detail"] == "The entity already exists."
    assert own.post("orders", order("FREE-1")).status_code == 201


def test_a_file_that_is_opened_again_makes_new_price_ids(tmp_path: Path) -> None:
    ids = set()
    for quantity in (500, 501):
        with running(orders=5, data=str(tmp_path / "store.sqlite")) as store:
            caller = Caller(store)
            unit = caller.get("products/1/primaryUnitPrecision?include=unit").json()["included"][0]["id"]
            data = {
                "type": "productprices",
                "attributes": {"quantity": quantity, "value": "1", "currency": "USD"},
                "relationships": {
                    "priceList": {"data": {"type": "pricelists", "id": "1"}},
                    "product": {"data": {"type": "products", "id": "1"}},
                    "unit": {"data": {"type": "productunits", "id": unit}},
                },
            }
            ids.add(caller.post("productprices", {"data": data}).json()["data"]["id"])
    assert len(ids) == 2
