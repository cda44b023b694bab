"""An extract by watermark: all that is new, each state once, the watermark left where it is until the data is safe."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import pytest

from oro_provider.assets import orders_asset
from oro_provider.extract import reader
from oro_provider.extract.position import Position
from oro_provider.operators.extract import OroCommerceExtractOperator, OroCommerceExtractOrdersOperator
from oro_provider.sensors.orders import OroCommerceNewOrdersSensor
from oro_provider.version_compat import AirflowFailException
from oro_provider.watermarks import Watermark
from tests.asset_state import Stores, let_variables_show

if TYPE_CHECKING:
    from tests.integration.orders import Shop
    from tests.integration.store import IntegrationStore

ORDERS = orders_asset()


@pytest.fixture
def store(sandbox_shop: Shop) -> IntegrationStore:
    return sandbox_shop.store


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state of the asset that all runs of a test read."""
    monkeypatch.setattr(Run, "state", {}, raising=False)
    let_variables_show(Run.state, monkeypatch)


class Run:
    """Runs of a DAG that extracts by watermark: their context, what they read and what they leave in XCom."""

    state: dict[str, Any]

    def __init__(self, target: Path) -> None:
        self.target = target
        self.xcom: dict[str, Any] = {}
        ti = SimpleNamespace(
            xcom_push=lambda key, value: self.xcom.update({key: value}),
            dag_id="orders",
            task_id="extract",
            run_id="0",
            map_index=-1,
            max_tries=0,
            task=SimpleNamespace(retries=0),
        )
        stores = Stores({ORDERS.name: self.state})
        self.context: Any = {"ti": ti, "asset_state_store": stores, "dag_run": SimpleNamespace(run_type="asset")}

    def extract(self, *, retry: bool = False, **arguments: Any) -> list[str]:
        """Extract, and return the ids that were read."""
        time.sleep(1.1)  # the store's running second is left to the next run
        if not retry:
            self.context["ti"].run_id += "0"  # a run of its own
        known: dict[str, Any] = {"window": "watermark", "asset": ORDERS, "since": now(), **arguments}
        task = OroCommerceExtractOrdersOperator(task_id="extract", target=str(self.target), **known)
        self.manifest = task.execute(self.context)
        lines = [line for path in self.manifest["files"] for line in Path(path).read_text().splitlines()]
        return [json.loads(line)["id"] for line in lines]

    def advance(self) -> bool:
        return Watermark(ORDERS).advance(self.context, self.xcom["watermark"])


def now() -> str:
    return datetime.now(timezone.utc).isoformat()


def ago(seconds: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_before(shop: Shop, late: int) -> Position:
    """Where someone is who reads ten minutes again, and has taken the order after the one that is still to be committed."""
    (head,) = shop.store.read("orders", **{"filter[id]": str(late + 1)})
    times = [datetime.fromisoformat(ago(seconds).replace("Z", "+00:00")) for seconds in (500, 200, 60)]
    marks = ((times[0], late - 1), (times[1], late + 1))
    return Position(times[2], marks, late + 1, {late + 1: head["attributes"]["updatedAt"]}, timedelta(minutes=10))


def test_runs_after_each_other_read_each_state_of_an_order_once(
    sandbox_shop: Shop, connection: str, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    since = now()
    first, past = sandbox_shop.order(), sandbox_shop.order("2020-05-05T05:05:05Z")
    assert run.extract(since=since) == [first, past]
    assert run.extract(since=since) == [first, past], "the watermark was not advanced"
    assert run.advance()
    assert run.extract() == []
    late = sandbox_shop.leave_gap()
    sandbox_shop.change(first)
    assert run.extract() == [first, str(late + 1)]
    assert run.advance()
    sandbox_shop.commit_late(late)
    assert run.extract() == [str(late)]


def test_an_order_that_is_committed_later_than_usual_is_read_within_the_overlap(
    sandbox_shop: Shop, connection: str, tmp_path: Path
) -> None:
    run, overlap = Run(tmp_path), timedelta(minutes=10)
    late = sandbox_shop.leave_gap()
    run.state[Watermark(ORDERS).key] = read_before(sandbox_shop, late).to_json()
    assert run.extract(overlap=overlap) == []
    assert run.advance()
    sandbox_shop.hidden[late] = (ago(300),)
    sandbox_shop.commit_late(late)
    assert run.extract(overlap=overlap) == [str(late)]


def test_more_than_a_page_is_read_whole(sandbox_shop: Shop, connection: str, tmp_path: Path) -> None:
    run = Run(tmp_path)
    ids = run.extract(since="2001-01-01T00:00:00Z", page_size=7, include=["lineItems"])
    assert len(ids) == len(set(ids)) == 40
    assert run.manifest["count"] == 40


def test_what_the_sensor_announces_the_extract_reads(sandbox_shop: Shop, connection: str, tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.extract()
    run.advance()
    made = [sandbox_shop.order(), sandbox_shop.order("2020-05-05T05:05:05Z")]
    sensor = OroCommerceNewOrdersSensor(task_id="wait", asset=ORDERS, deferrable=True)
    found = sensor.execute(run.context)
    assert found["ids"] == made
    assert run.extract() == found["ids"]
    run.advance()
    assert sensor.poke(run.context) is False


def test_a_retry_reads_into_the_folder_of_the_try_before_it(
    sandbox_shop: Shop, connection: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, since = Run(tmp_path), now()
    made = [sandbox_shop.order() for _ in range(3)]
    publish = reader._publish
    monkeypatch.setattr(reader, "_publish", killed)
    with pytest.raises(KeyboardInterrupt):
        run.extract(since=since)
    later = sandbox_shop.order()
    monkeypatch.setattr(reader, "_publish", publish)
    assert run.extract(retry=True, since=since) == made
    assert len(list((tmp_path / "orders").iterdir())) == 1
    assert list((tmp_path / "_work").iterdir()) == []
    assert run.advance()
    assert run.extract() == [later]


def test_a_retry_looks_anew_where_what_was_found_is_cut_off(
    sandbox_shop: Shop, connection: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, since = Run(tmp_path), now()
    made = sandbox_shop.order()
    with monkeypatch.context() as patch:
        patch.setattr(reader, "_publish", killed)
        with pytest.raises(KeyboardInterrupt):
            run.extract(since=since)
    (kept,) = (tmp_path / "_work").glob("news-*")
    kept.write_text(kept.read_text()[:40])
    assert run.extract(retry=True, since=since) == [made]


def test_a_retry_looks_anew_where_the_watermark_was_moved_meanwhile(
    sandbox_shop: Shop, connection: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, since = Run(tmp_path), now()
    made = sandbox_shop.order()
    assert run.extract(since=since) == [made]
    with monkeypatch.context() as patch:
        patch.setattr(reader, "_publish", killed)
        with pytest.raises(KeyboardInterrupt):
            run.extract(since=since)
    assert run.advance()
    assert run.extract(retry=True) == []


def killed(*arguments: Any, **options: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"since": None}, "where the first run of all begins"),
        ({"filters": {"internalStatus": "open"}}, "filter them where they are handed over"),
    ],
)
def test_what_would_leave_orders_out_is_refused(connection: str, tmp_path: Path, arguments: Any, says: str) -> None:
    with pytest.raises(AirflowFailException, match=says):
        Run(tmp_path).extract(**arguments)


def test_a_backfill_does_not_read_from_the_watermark(connection: str, tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.context["dag_run"] = SimpleNamespace(run_type="backfill")
    with pytest.raises(AirflowFailException, match="backfill"):
        run.extract()


def test_other_entities_have_no_watermark_of_their_own(connection: str, tmp_path: Path) -> None:
    task = OroCommerceExtractOperator(
        task_id="x", entity="products", target=str(tmp_path), window="watermark", asset=ORDERS, since=now()
    )
    with pytest.raises(AirflowFailException, match="is for orders"):
        task.execute(Run(tmp_path).context)


def test_an_extract_of_a_window_tells_it_by_an_event_of_its_asset(connection: str, tmp_path: Path) -> None:
    task = OroCommerceExtractOrdersOperator(
        task_id="x", target=str(tmp_path), since="2001-01-01T00:00:00Z", until="2001-01-02T00:00:00Z", asset=ORDERS
    )
    assert (task.outlets, task.inlets) == ([ORDERS], [])
    event = SimpleNamespace(extra={})
    events = MagicMock(
        __getitem__=lambda _, asset: {ORDERS.uri: event}[asset.uri]
    )  # assets are keys of dicts since 3.2
    task.execute({"outlet_events": events})  # type: ignore[typeddict-item]  # what is read of it
    assert event.extra["count"] == 0
    assert (event.extra["since"][:10], event.extra["until"][:10]) == ("2001-01-01", "2001-01-02")
    assert "files" not in event.extra
