"""Writing: creation with included records, validation in the store's words, side effects, refusals."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.sandbox.conftest import order, product

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(one["title"], one.get("source", {}).get("pointer", "")) for one in answer.json()["errors"]]


def updated_at(caller: Caller, path: str) -> str:
    return str(caller.get(path).json()["data"]["attributes"]["updatedAt"])


def age(caller: Caller, resource: str, one: str) -> None:
    """Move a record's updatedAt into the past, so that the next second need not be waited for."""
    caller.store.execute(f'UPDATE {resource} SET "updatedAt" = ? WHERE "id" = ?', ("2020-01-01T00:00:00Z", int(one)))


def test_a_created_product_brings_names_for_every_localization_and_a_stock_level(caller: Caller) -> None:
    answer = caller.post("products", product("NEW-1"))
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"].endswith(f"/admin/api/products/{made['data']['id']}")
    assert len(made["data"]["relationships"]["names"]["data"]) == 6
    assert {one["meta"]["includeId"] for one in made["included"]} == {"name", "unit"}
    assert len(caller.ids(f"inventorylevels?filter[product]={made['data']['id']}")) == 1


def brand(name: str) -> dict[str, Any]:
    names = {"data": [{"type": "localizedfallbackvalues", "id": "name"}]}
    return {
        "data": {"type": "brands", "attributes": {"status": "enabled"}, "relationships": {"names": names}},
        "included": [{"type": "localizedfallbackvalues", "id": "name", "attributes": {"string": name}}],
    }


def test_a_created_brand_brings_every_text_for_every_localization(caller: Caller) -> None:
    made = caller.post("brands?include=slugPrototypes", brand("Texts & Sons")).json()
    texts = (
        "names",
        "descriptions",
        "shortDescriptions",
        "slugPrototypes",
        "metaTitles",
        "metaDescriptions",
        "metaKeywords",
    )
    assert {len(made["data"]["relationships"][name]["data"]) for name in texts} == {6}
    default = next(one for one in made["included"] if one["attributes"]["string"] == "Texts & Sons")
    assert default["id"] != made["data"]["relationships"]["names"]["data"][0]["id"]
    assert "texts-sons" in {one["attributes"]["string"] for one in made["included"]}


def test_texts_that_a_request_names_are_completed_and_fall_back_to_the_parent_localization(caller: Caller) -> None:
    document = product("META-1")
    titles = {"data": [{"type": "localizedfallbackvalues", "id": "title"}]}
    document["data"]["relationships"]["metaTitles"] = titles
    document["included"].append({"type": "localizedfallbackvalues", "id": "title", "attributes": {"string": "Meta"}})
    number = caller.post("products", document).json()["data"]["id"]
    found = caller.get(f"products/{number}/metaTitles").json()["data"]
    shown = {
        (one["relationships"]["localization"]["data"] or {}).get("id"): one["attributes"]["fallback"] for one in found
    }
    parents = dict.fromkeys("2345", "parent_localization")
    assert shown == {None: None, "1": "system", **parents}


def test_a_created_kit_item_brings_a_label_for_every_localization(caller: Caller) -> None:
    part = caller.post("products", product("PART-OF-KIT")).json()["data"]["id"]
    kit = product("KIT-LABELS", productType="kit")
    kit["data"]["relationships"]["kitItems"] = {"data": [{"type": "productkititems", "id": "item"}]}
    kit["included"] += [
        {"type": "productkititems", "id": "item", "attributes": {"optional": False}, "relationships": {
            "labels": {"data": [{"type": "productkititemlabels", "id": "label"}]},
            "kitItemProducts": {"data": [{"type": "productkititemproducts", "id": "part"}]},
            "productUnit": {"data": {"type": "productunits", "id": "item"}}}},
        {"type": "productkititemlabels", "id": "label", "attributes": {"string": "Base"}},
        {"type": "productkititemproducts", "id": "part", "relationships": {
            "product": {"data": {"type": "products", "id": part}}}},
    ]  # fmt: skip
    made = caller.post("products", kit).json()
    items = [one for one in made["included"] if one["type"] == "productkititems"]
    assert [len(one["relationships"]["labels"]["data"]) for one in items] == [6]
    assert made["data"]["attributes"]["kitShippingCalculationMethod"] == "kit_shipping_all"


def test_a_sku_is_unique_whatever_its_case(caller: Caller) -> None:
    caller.post("products", product("TWICE-1"))
    assert errors(caller.post("products", product("twice-1"))) == [("unique entity constraint", "/data/attributes/sku")]


def test_a_product_without_anything_names_what_it_lacks(caller: Caller) -> None:
    found = errors(caller.post("products", {"data": {"type": "products", "attributes": {"featured": True}}}))
    assert ("not blank constraint", "/data/attributes/sku") in found
    assert ("not blank default localized fallback value constraint", "/data/relationships/names/data") in found
    assert ("not blank constraint", "/data/relationships/inventory_status/data") in found


def test_names_in_a_patch_replace_the_list(caller: Caller) -> None:
    made = caller.post("products", product("REPLACE-1")).json()
    number = made["data"]["id"]
    name = next(one["id"] for one in made["included"] if one["type"] == "productnames")
    data = {
        "type": "products",
        "id": number,
        "relationships": {"names": {"data": [{"type": "productnames", "id": name}]}},
    }
    assert caller.patch(f"products/{number}", {"data": data}).status_code == 200
    assert caller.ids(f"productnames?filter[product]={number}") == [name]


def test_removing_a_unit_removes_its_prices_and_stock(caller: Caller) -> None:
    number = caller.post("products", product("UNITS-1")).json()["data"]["id"]
    unit = {
        "type": "productunitprecisions",
        "attributes": {"precision": 0, "conversionRate": 10, "sell": True},
        "relationships": {
            "product": {"data": {"type": "products", "id": number}},
            "unit": {"data": {"type": "productunits", "id": "box"}},
        },
    }
    precision = caller.post("productunitprecisions", {"data": unit}).json()["data"]["id"]
    assert price(caller, number, "box").status_code == 201
    main = caller.get(f"products/{number}/primaryUnitPrecision").json()["data"]["id"]
    kept = [{"type": "productunitprecisions", "id": main}]
    data = {"type": "products", "id": number, "relationships": {"unitPrecisions": {"data": kept}}}
    assert caller.patch(f"products/{number}", {"data": data}).status_code == 200
    assert caller.get(f"productunitprecisions/{precision}").status_code == 404
    assert caller.ids(f"productprices?filter[priceList]=1&filter[product]={number}") == []
    assert len(caller.ids(f"inventorylevels?filter[product]={number}")) == 1


def price(caller: Caller, product_id: str, unit: str, **attributes: Any) -> Any:
    data = {
        "type": "productprices",
        "attributes": {"quantity": 1, "value": "12.34567", "currency": "USD", **attributes},
        "relationships": {
            "priceList": {"data": {"type": "pricelists", "id": "1"}},
            "product": {"data": {"type": "products", "id": product_id}},
            "unit": {"data": {"type": "productunits", "id": unit}},
        },
    }
    return caller.post("productprices", {"data": data})


def test_a_price_is_rounded_unique_and_has_a_location_that_leads_nowhere(caller: Caller) -> None:
    number = caller.post("products", product("PRICED-1")).json()["data"]["id"]
    made = price(caller, number, "item")
    assert made.json()["data"]["attributes"]["value"] == "12.3457"
    assert made.json()["data"]["id"].endswith("-1")
    assert caller.session.get(made.headers["Location"], timeout=10).status_code == 404
    assert errors(price(caller, number, "item")) == [("unique entity constraint", "")]
    assert errors(price(caller, number, "set")) == [
        ("product price allowed units constraint", "/data/relationships/unit/data")
    ]
    assert errors(price(caller, number, "item", quantity=5, currency="GBP")) == [
        ("product price currency constraint", "/data/attributes/currency")
    ]


def test_an_order_gets_its_totals_and_its_past_date(caller: Caller) -> None:
    made = caller.post("orders", order("PAST-1", createdAt="2019-05-06T07:08:09+02:00")).json()["data"]["attributes"]
    assert made["totalValue"] == "21.0000"
    assert made["createdAt"] == made["updatedAt"] == "2019-05-06T05:08:09Z"


def test_an_order_takes_an_upsert_by_identifier_only(caller: Caller) -> None:
    caller.post("orders", order("UP-1"))
    data = {"type": "orders", "meta": {"upsert": ["identifier"]}, "attributes": {"identifier": "UP-1", "poNumber": "P"}}
    assert caller.post("orders", {"data": data}).status_code == 200
    data["meta"] = {"upsert": ["poNumber"]}
    assert errors(caller.post("orders", {"data": data})) == [("value constraint", "/meta/upsert")]
    customer = {"type": "customers", "meta": {"upsert": ["name"]}, "attributes": {"name": "X"}}
    assert (
        caller.post("customers", {"data": customer}).json()["errors"][0]["detail"]
        == "The upsert operation is not allowed."
    )


def test_validate_does_everything_and_saves_nothing(caller: Caller) -> None:
    document = order("DRY-1")
    document["data"]["meta"] = {"validate": True}
    answer = caller.post("orders", document)
    assert answer.status_code == 201
    assert caller.session.get(answer.headers["Location"], timeout=10).status_code == 404
    assert caller.ids("orders?filter[identifier]=DRY-1") == []


def test_what_moves_an_order(caller: Caller) -> None:
    made = caller.post("orders", order("MOVE-1")).json()
    number, line = made["data"]["id"], made["included"][0]["id"]
    age(caller, "orders", number)
    tracking = {
        "type": "ordershippingtrackings",
        "attributes": {"method": "UPS", "number": "1Z"},
        "relationships": {"orders": {"data": [{"type": "orders", "id": number}]}},
    }
    assert caller.post("ordershippingtrackings", {"data": tracking}).status_code == 201
    assert updated_at(caller, f"orders/{number}") == "2020-01-01T00:00:00Z"
    unchanged = {"type": "orderlineitems", "id": line, "attributes": {"quantity": 2}}
    assert caller.patch(f"orderlineitems/{line}", {"data": unchanged}).status_code == 200
    assert updated_at(caller, f"orders/{number}") > "2020-01-02"
    age(caller, "orders", number)
    ignored = {"type": "orders", "id": number, "attributes": {"totalValue": "1"}}
    assert caller.patch(f"orders/{number}", {"data": ignored}).json()["data"]["attributes"]["totalValue"] == "21.0000"
    assert updated_at(caller, f"orders/{number}") > "2020-01-02"


def test_what_moves_a_customer_and_a_product(caller: Caller) -> None:
    age(caller, "customers", "7")
    name = caller.get("customers/7").json()["data"]["attributes"]["name"]
    same = {"data": {"type": "customers", "id": "7", "attributes": {"name": name}}}
    caller.patch("customers/7", same)
    assert updated_at(caller, "customers/7") == "2020-01-01T00:00:00Z"
    age(caller, "products", "9")
    names = caller.get("products/9/names?filter[localization][exists]=yes").json()["data"]
    local = {"type": "productnames", "id": names[0]["id"], "attributes": {"string": "Anders", "fallback": None}}
    caller.patch(f"productnames/{local['id']}", {"data": local})
    assert updated_at(caller, "products/9") == "2020-01-01T00:00:00Z"
    default = caller.ids("products/9/names?filter[localization][exists]=no")[0]
    changed = {"type": "productnames", "id": default, "attributes": {"string": "Other"}}
    caller.patch(f"productnames/{default}", {"data": changed})
    assert updated_at(caller, "products/9") > "2020-01-02"


def test_a_to_many_patch_deletes_the_trackings_it_leaves_out(caller: Caller) -> None:
    number = caller.post("orders", order("TRACK-1")).json()["data"]["id"]
    made = []
    for code in ("A", "B"):
        data = {
            "type": "ordershippingtrackings",
            "attributes": {"method": "UPS", "number": code},
            "relationships": {"orders": {"data": [{"type": "orders", "id": number}]}},
        }
        made.append(caller.post("ordershippingtrackings", {"data": data}).json()["data"]["id"])
    listed = {"shippingTrackings": {"data": [{"type": "ordershippingtrackings", "id": made[0]}]}}
    caller.patch(f"orders/{number}", {"data": {"type": "orders", "id": number, "relationships": listed}})
    assert caller.get(f"ordershippingtrackings/{made[1]}").status_code == 404


def test_a_closed_order_takes_a_tracking_but_no_patch(caller: Caller) -> None:
    number = caller.ids("orders?filter[internalStatus]=closed&page[size]=1")[0]
    data = {"type": "orders", "id": number, "attributes": {"poNumber": "X"}}
    assert caller.patch(f"orders/{number}", {"data": data}).status_code == 403
    tracking = {
        "type": "ordershippingtrackings",
        "attributes": {"method": "UPS", "number": "C"},
        "relationships": {"orders": {"data": [{"type": "orders", "id": number}]}},
    }
    assert caller.post("ordershippingtrackings", {"data": tracking}).status_code == 201


def test_structure_is_checked_before_anything_else(caller: Caller) -> None:
    cases = [
        ({"foo": 1}, "/data"),
        ({"data": {"type": "customers", "attributes": {}}}, "/data/attributes"),
        ({"data": {"type": "users", "attributes": {"name": "X"}}}, "/data/type"),
        ({"data": {"type": "customers", "relationships": {"group": {"id": "1"}}}}, "/data/relationships/group"),
    ]
    for body, pointer in cases:
        assert errors(caller.post("customers", body))[0][1] == pointer
    extra = caller.post("customers", {"data": {"type": "customers", "attributes": {"name": "X", "foo": 1}}})
    assert extra.json()["errors"] == [
        {
            "status": "400",
            "title": "extra fields constraint",
            "detail": 'This form should not contain extra fields: "foo".',
        }
    ]


def test_an_included_record_must_hang_from_the_primary_one(caller: Caller) -> None:
    body = {
        "data": {"type": "customers", "attributes": {"name": "X"}},
        "included": [{"type": "customergroups", "id": "g", "attributes": {"name": "G"}}],
    }
    assert errors(caller.post("customers", body)) == [("request data constraint", "/included/0")]


def test_a_delete_list_needs_a_filter_and_takes_a_hundred(own: Caller) -> None:
    assert own.call("DELETE", "customers").json()["errors"][0]["detail"] == "At least one filter must be provided."
    for _ in range(2):
        records = [{"type": "customers", "attributes": {"name": "Gone"}} for _ in range(60)]
        assert own.patch("customers", {"data": records}, X_Mode="sync").status_code == 200
    counts = []
    for _ in range(3):
        answer = own.call("DELETE", "customers?filter[name]=Gone", X_Include="deletedCount;totalCount")
        assert answer.status_code == 204
        counts.append((answer.headers["X-Include-Total-Count"], answer.headers["X-Include-Deleted-Count"]))
    assert counts == [("120", "100"), ("20", "20"), ("0", "0")]


def test_the_search_index_is_late(caller: Caller) -> None:
    caller.post("producttaxcodes", {"data": {"type": "producttaxcodes", "attributes": {"code": "LATECOMER"}}})
    assert caller.ids("producttaxcodes?filter[searchText]=LATECOMER") == []
    deadline = time.monotonic() + 5
    while not caller.ids("producttaxcodes?filter[searchText]=LATECOMER"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def address(customer: str, street: str, **attributes: Any) -> dict[str, Any]:
    place = {"street": street, "city": "Ulm", "postalCode": "89073", "organization": "T"}
    owned = {"customer": ("customers", customer), "country": ("countries", "DE"), "region": ("regions", "DE-BY")}
    relations = {name: {"data": {"type": kind, "id": one}} for name, (kind, one) in owned.items()}
    return {
        "data": {"type": "customeraddresses", "attributes": {**place, **attributes}, "relationships": relations},
    }


def test_a_customers_first_address_is_its_primary_one_whatever_is_sent(caller: Caller) -> None:
    document = {"data": {"type": "customers", "attributes": {"name": "Of one address"}}}
    customer = caller.post("customers", document).json()["data"]["id"]
    first = caller.post("customeraddresses", address(customer, "A 1", primary=False)).json()["data"]
    second = caller.post("customeraddresses", address(customer, "B 2", primary=False)).json()["data"]
    assert [one["attributes"]["primary"] for one in (first, second)] == [True, False]


def test_the_lines_of_an_order_with_an_address_have_totals_with_and_without_tax(caller: Caller) -> None:
    names = [f"rowTotalAfterDiscount{which}Tax" for which in ("Including", "Excluding")]
    document = order("TAXED-1")
    bare = caller.post("orders?include=lineItems", document).json()
    assert [bare["included"][0]["attributes"][name] for name in names] == ["0.0000", "0.0000"]
    place = {"street": "A 1", "city": "Ulm", "postalCode": "89073", "organization": "T"}
    owned = {"country": ("countries", "DE"), "region": ("regions", "DE-BY")}
    relations = {name: {"data": {"type": kind, "id": one}} for name, (kind, one) in owned.items()}
    number = bare["data"]["id"]
    to = {"billingAddress": {"data": {"type": "orderaddresses", "id": "place"}}}
    included = [{"type": "orderaddresses", "id": "place", "attributes": place, "relationships": relations}]
    patch = {"data": {"type": "orders", "id": number, "relationships": to}, "included": included}
    assert caller.patch(f"orders/{number}", patch).status_code == 200
    line = caller.get(f"orders/{number}/lineItems").json()["data"][0]["attributes"]
    assert [line[name] for name in names] == [line["rowTotalAfterDiscount"]] * 2 == ["21.0000", "21.0000"]


def test_a_rich_text_comes_back_rendered(caller: Caller) -> None:
    document = product("RICH-1")
    document["data"]["relationships"]["descriptions"] = {"data": [{"type": "productdescriptions", "id": "long"}]}
    text = {"type": "productdescriptions", "id": "long", "attributes": {"wysiwyg": {"value": "<p>Long</p>"}}}
    document["included"].append(text)
    made = caller.post("products", document).json()["included"]
    shown = next(one["attributes"]["wysiwyg"] for one in made if one["type"] == "productdescriptions")
    assert shown == {"value": "<p>Long</p>", "style": None, "properties": None, "valueRendered": "<p>Long</p>"}


def test_a_line_of_free_text_has_no_name_of_a_product(caller: Caller) -> None:
    document = order("FREE-1")
    line = document["included"][0]
    del line["relationships"]["product"]
    line["attributes"] |= {"freeFormProduct": "Assembly", "productSku": "FREE"}
    shown = caller.post("orders", document).json()["included"][0]["attributes"]
    assert (shown["freeFormProduct"], shown["productName"]) == ("Assembly", "")


def test_a_product_that_is_not_enabled_cannot_be_ordered_in_a_kit_either(caller: Caller) -> None:
    disabled = caller.post("products", product("KIT-OFF", status="disabled")).json()["data"]["id"]
    document = order("KIT-1")
    parts = {"data": [{"type": "orderproductkititemlineitems", "id": "part"}]}
    document["included"][0]["relationships"]["kitItemLineItems"] = parts
    to = {"product": ("products", disabled), "productUnit": ("productunits", "item")}
    document["included"].append({
        "type": "orderproductkititemlineitems", "id": "part", "attributes": {"quantity": 1, "value": "5", "currency": "USD"},
        "relationships": {name: {"data": {"type": kind, "id": one}} for name, (kind, one) in to.items()},
    })  # fmt: skip
    found = errors(caller.post("orders", document))
    assert found == [("equal to constraint", "/included/1/relationships/product/data")]


def test_what_was_deleted_is_answered_with_no_content_and_no_type_of_it(caller: Caller) -> None:
    group = {"data": {"type": "customergroups", "attributes": {"name": "Gone"}}}
    number = caller.post("customergroups", group).json()["data"]["id"]
    answer = caller.call("DELETE", f"customergroups/{number}")
    assert (answer.status_code, answer.content, answer.headers.get("Content-Type")) == (204, b"", None)
