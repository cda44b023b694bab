"""Watermarks: where they are kept, that they move forward only, and that a backfill leaves them alone."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from oro_provider import watermarks
from oro_provider.assets import orders_asset
from oro_provider.extract.position import OrderHead, Position
from oro_provider.version_compat import AirflowFailException
from oro_provider.watermarks import Watermark
from tests.asset_state import Stores

ORDERS = orders_asset("shop")
NOON = datetime(2026, 11, 7, 12, tzinfo=timezone.utc)


def position(minutes: int) -> Position:
    moment = NOON + timedelta(minutes=minutes)
    head = OrderHead(100 + minutes, "x", *[moment.strftime("%Y-%m-%dT%H:%M:%SZ")] * 2)
    return Position(NOON, ((NOON, 100),), 100).after([head], moment)


@pytest.fixture(
    params=[
        pytest.param("the asset's state store", marks=pytest.mark.capability("asset_state_store")),
        "a Variable",
    ]
)
def context(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The context of a task with the asset among its inlets, on Airflow as it is and as it was before 3.3."""
    stored = request.param == "the asset's state store"
    monkeypatch.setattr(watermarks, "AIRFLOW_V_3_3_PLUS", stored)
    variables: dict[str, str] = {}

    def get(name: str, default: Any = None) -> Any:
        return variables.get(name, default)

    stand_in = SimpleNamespace(get=get, set=variables.__setitem__, delete=variables.pop)
    monkeypatch.setattr("airflow.sdk.Variable", stand_in)
    stores = Stores({ORDERS.name: {}})
    return {"asset_state_store": stores, "variables": variables, "dag_run": SimpleNamespace(run_type="scheduled")}


def test_there_is_none_at_first(context: Any) -> None:
    assert Watermark(ORDERS).read(context) is None


def test_it_moves_forward_only(context: Any) -> None:
    watermark = Watermark(ORDERS)
    assert watermark.advance(context, position(1))
    assert watermark.advance(context, position(3).to_json())
    assert not watermark.advance(context, position(2))
    assert not watermark.advance(context, position(3))
    assert watermark.read(context) == position(3)


def test_the_trigger_reads_the_same(context: Any) -> None:
    Watermark(ORDERS).advance(context, position(1))
    read = Watermark(ORDERS.name).read_in_trigger(context["asset_state_store"])
    assert asyncio.run(read) == position(1)


def test_an_airflow_that_was_upgraded_goes_on_where_it_was(context: Any) -> None:
    watermark = Watermark(ORDERS)
    context["variables"][watermark.variable] = json.dumps(position(1).to_json())
    assert (
        watermark.read(context) == asyncio.run(watermark.read_in_trigger(context["asset_state_store"])) == position(1)
    )
    assert watermark.advance(context, position(2))
    assert (
        watermark.read(context) == asyncio.run(watermark.read_in_trigger(context["asset_state_store"])) == position(2)
    )
    watermark.reset(context)
    assert watermark.read(context) is None


@pytest.mark.capability("asset_state_store")
def test_a_trigger_that_no_asset_watches_with_reads_none() -> None:
    assert asyncio.run(Watermark(ORDERS).read_in_trigger(None)) is None


@pytest.mark.parametrize("kind", ["backfill", SimpleNamespace(value="backfill")])
def test_a_backfill_leaves_it_alone(context: Any, kind: Any) -> None:
    context["dag_run"] = SimpleNamespace(run_type=kind)
    assert not Watermark(ORDERS).advance(context, position(1))
    assert Watermark(ORDERS).read(context) is None


def test_each_reader_has_its_own(context: Any) -> None:
    Watermark(ORDERS, "erp").advance(context, position(1))
    assert Watermark(ORDERS).read(context) is None
    assert Watermark(ORDERS, "erp").read(context) == position(1)


def test_a_reset_puts_it_back_or_away(context: Any) -> None:
    watermark = Watermark(ORDERS)
    watermark.advance(context, position(3))
    watermark.reset(context, position(1))
    assert watermark.read(context) == position(1)
    watermark.reset(context)
    assert watermark.read(context) is None


def test_what_somebody_else_wrote_there_is_refused(context: Any) -> None:
    watermark = Watermark(ORDERS)
    if watermarks.AIRFLOW_V_3_3_PLUS:
        context["asset_state_store"][ORDERS].set(watermark.key, "yesterday")
    else:
        context["variables"][watermark.variable] = json.dumps("yesterday")
    with pytest.raises(AirflowFailException, match=r"cannot be read.*Reset it"):
        watermark.read(context)


@pytest.mark.capability("asset_state_store")
@pytest.mark.parametrize("context", [{}, {"asset_state_store": Stores()}])
def test_a_task_that_does_not_name_the_asset_is_told_to(context: Any) -> None:
    with pytest.raises(AirflowFailException, match="add it to the task's inlets"):
        Watermark(ORDERS).read(context)


def test_the_variable_has_a_name_that_a_url_takes() -> None:
    assert Watermark(ORDERS).variable == "orocommerce_watermark__shop__orders__default"
