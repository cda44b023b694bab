"""`watermarks`: what stands in Airflow's database, where assets have a state store and where Variables stand in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.watermarks import Watermark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ASSET = "orocommerce://shop/orders"
POSITION = {"until": "2026-11-07T10:00:00Z", "last_id": 77}


@pytest.fixture(params=[pytest.param("state store", marks=pytest.mark.capability("asset_state_store")), "variables"])
def stored(request: pytest.FixtureRequest, airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A watermark of two readers, kept as this Airflow or an older one keeps it."""
    from airflow.utils.session import create_session

    if request.param == "state store":
        from airflow.models.asset import AssetModel
        from airflow.state import AssetScope, get_state_backend

        with create_session() as session:
            asset = AssetModel(name=ASSET, uri=ASSET, group="asset")
            session.add(asset)
            session.flush()
            id_ = asset.id
        for reader in ("default", "other"):
            get_state_backend().set(AssetScope(asset_id=id_), Watermark(ASSET, reader).key, json.dumps(POSITION))
        yield request.param
        with create_session() as session:
            session.delete(session.get(AssetModel, id_))
        return
    from airflow.models.variable import Variable

    monkeypatch.setattr("oro_provider.commands.watermarks.AIRFLOW_V_3_3_PLUS", False)
    for reader in ("default", "other"):
        Variable.set(Watermark(ASSET, reader).variable, json.dumps(POSITION))
    yield request.param
    for reader in ("default", "other"):
        Variable.delete(Watermark(ASSET, reader).variable)


def test_each_readers_watermark_is_shown(stored: str, command: Callable[..., Any]) -> None:
    said = command("watermarks")
    assert said.out.splitlines() == [
        f"{ASSET}  default  2026-11-07T10:00:00Z  order 77",
        f"{ASSET}  other  2026-11-07T10:00:00Z  order 77",
    ]
    shown = json.loads(command("watermarks", ASSET, "--reader", "other", "--json").out)
    assert shown == [{"asset": ASSET, "reader": "other", "watermark": POSITION}]


def test_a_watermark_is_removed_by_name_only(stored: str, command: Callable[..., Any]) -> None:
    assert "name the asset" in command("watermarks", "--reset").err
    said = command("watermarks", ASSET, "--reader", "default", "--reset")
    assert said.out == f"removed the watermark of {ASSET} for reader default\n"
    assert command("watermarks").out == f"{ASSET}  other  2026-11-07T10:00:00Z  order 77\n"
    again = command("watermarks", ASSET, "--reader", "default", "--reset")
    assert (again.status, again.err) == (2, f"{ASSET} has no watermark\n")


def test_what_an_older_airflow_left_is_shown_until_it_is_passed_and_removed_with_the_rest(
    stored: str, command: Callable[..., Any]
) -> None:
    from airflow.models.variable import Variable

    left = {**POSITION, "last_id": 7}
    for reader in ("default", "third"):
        Variable.set(Watermark(ASSET, reader).variable, json.dumps(left))
    at = "2026-11-07T10:00:00Z  order"
    default = 77 if stored == "state store" else 7
    assert set(command("watermarks").out.splitlines()) == {
        f"{ASSET}  default  {at} {default}", f"{ASSET}  other  {at} 77", f"{ASSET}  third  {at} 7",
    }  # fmt: skip
    command("watermarks", ASSET, "--reset")
    assert command("watermarks").out == "there is no watermark\n"


def test_the_watermark_of_an_asset_with_a_name_of_its_own_is_removed(stored: str, command: Callable[..., Any]) -> None:
    from airflow.models.variable import Variable

    # A Variable does not tell whether the name has a scheme, and counts again where it is left behind.
    Variable.set(Watermark("my orders").variable, json.dumps(POSITION))
    assert command("watermarks", "my orders", "--reset").status == 0
    assert "my orders" not in command("watermarks").out


def test_where_there_is_none_it_says_so(airflow_database: None, command: Callable[..., Any]) -> None:
    assert command("watermarks").out == "there is no watermark\n"
