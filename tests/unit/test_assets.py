"""Assets of a store: their addresses, what Airflow makes of them, and the name that lineage knows them by."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.sdk import Asset

from oro_provider.assets import convert_asset_to_openlineage, create_asset, orders_asset, sanitize_uri
from oro_provider.get_provider_info import get_provider_info


def test_the_orders_of_a_store_are_an_asset() -> None:
    asset = orders_asset("shop")
    assert (asset.uri, asset.name) == ("orocommerce://shop/orders",) * 2
    assert orders_asset("shop", name="orders").name == "orders"
    assert create_asset(resource="products").uri == "orocommerce://orocommerce_default/products"


def test_an_address_is_kept_in_one_spelling() -> None:
    assert sanitize_uri(urlsplit("orocommerce://shop/orders/")).geturl() == "orocommerce://shop/orders"


@pytest.mark.parametrize(
    "uri",
    [
        "orocommerce://shop",
        "orocommerce:///orders",
        "orocommerce://shop/orders/7",
        "orocommerce://shop/orders?a=b",
        "orocommerce://id:secret@shop/orders",
    ],
)
def test_an_address_of_nothing_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="orocommerce"):
        sanitize_uri(urlsplit(uri))


def test_airflow_is_told_where_handler_factory_and_converter_are() -> None:
    import importlib

    (told,) = get_provider_info()["asset-uris"]  # type: ignore[misc,index]
    assert told["schemes"] == ["orocommerce"]
    for key in ("handler", "factory", "to_openlineage_converter"):
        module, _, name = told[key].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_lineage_names_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.openlineage import facet

    if (
        facet.Dataset(namespace="", name="") is None
    ):  # without the OpenLineage provider, whose class has the same two arguments
        monkeypatch.setattr(facet, "Dataset", SimpleNamespace)
    connection: dict[str, Any] = {"conn_type": "orocommerce", "host": "https://shop.example.com/store"}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({**connection, "login": "id", "password": "secret"}))
    dataset = convert_asset_to_openlineage(Asset("orocommerce://shop/orders"), None)
    assert (dataset.namespace, dataset.name) == ("orocommerce://shop.example.com", "store/orders")
