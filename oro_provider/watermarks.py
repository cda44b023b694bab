"""How far a reader of an asset has come, kept where Airflow keeps such things: the asset's state store (3.3), else a Variable.

A watermark moves forward only, and only when somebody says that the data is safe: reading never moves it. Each reader of an
asset has its own, so that two DAGs do not take each other's orders.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from oro_provider.version_compat import AIRFLOW_V_3_3_PLUS, AirflowFailException, in_thread

if TYPE_CHECKING:
    from airflow.sdk import Asset, Context

    from oro_provider.extract.position import Position

READER = "default"
# Runs that read the past: they leave the watermark of the present alone.
PAST_RUNS = frozenset({"backfill"})

log = logging.getLogger(__name__)


class Watermark:
    """The watermark of one reader of an asset.

    Tasks need the asset among their inlets or outlets (inlets, where the DAG is scheduled on it: an outlet would start the DAG
    again). Two tasks that advance one watermark at once must be kept apart by `max_active_runs=1`.
    """

    def __init__(self, asset: Asset | str, reader: str = READER) -> None:
        self.name = asset if isinstance(asset, str) else asset.name
        self.reader = reader

    @property
    def key(self) -> str:
        """The key in the asset's state store."""
        return f"watermark.{self.reader}"

    @property
    def variable(self) -> str:
        """The Variable that stands in where there is no such store: `orocommerce_watermark__<conn>__orders__default`."""
        place = self.name.rpartition("://")[2].replace("/", "__")
        return f"orocommerce_watermark__{place}__{self.reader}"

    def read(self, context: Context) -> Position | None:
        """Return how far the reader has come; None when there is no watermark yet."""
        value = self._store(context).get(self.key) if AIRFLOW_V_3_3_PLUS else None
        # What an Airflow before 3.3 left counts until the first advance after its upgrade.
        return self._position(_read_variable(self.variable) if value is None else value)

    async def read_in_trigger(self, stores: Any) -> Position | None:
        """Return the same in the triggerer, where `stores` is the watcher's `asset_state_store`."""
        if AIRFLOW_V_3_3_PLUS:
            if stores is None:
                return None  # a trigger that no asset watches with has no store
            from airflow.sdk.definitions.asset import AssetNameRef

            try:
                store = stores[AssetNameRef(name=self.name)]
            except KeyError:
                raise AirflowFailException(
                    f"The watcher is not one of {self.name}, whose watermark it should read: give the trigger asset=, the "
                    "name of its own asset."
                ) from None
            value = await store.aget(self.key)
        else:
            value = None
        return self._position(await in_thread(_read_variable, self.variable) if value is None else value)

    def advance(self, context: Context, position: Position | dict[str, Any]) -> bool:
        """Move the watermark to `position` and say whether it moved: never backwards, and never in a backfill."""
        from oro_provider.extract.position import Position

        if not isinstance(position, Position):
            position = Position.from_json(position)
        if is_past_run(context):
            log.info("The watermark of %s stays: this run is a backfill", self.name)
            return False
        old = self.read(context)
        if old is not None and (position.until, position.last_id) <= (old.until, old.last_id):
            log.info("The watermark of %s stays at %s", self.name, _told(old))
            return False
        self._write(context, position.to_json())
        log.info(
            "The watermark of %s moved from %s to %s", self.name, _told(old) if old else "nowhere", _told(position)
        )
        return True

    def reset(self, context: Context, position: Position | None = None) -> None:
        """Put the watermark where it is told to be, backwards too, or remove it."""
        if position is not None:
            self._write(context, position.to_json())
        else:
            from airflow.sdk import Variable

            if AIRFLOW_V_3_3_PLUS:
                self._store(context).delete(self.key)
            if _read_variable(self.variable) is not None:
                Variable.delete(self.variable)
        log.info("The watermark of %s was reset to %s", self.name, _told(position) if position else "nothing")

    def _write(self, context: Context, value: dict[str, Any]) -> None:
        if AIRFLOW_V_3_3_PLUS:
            self._store(context).set(self.key, value)
        else:
            from airflow.sdk import Variable

            Variable.set(self.variable, json.dumps(value))

    def _store(self, context: Context) -> Any:
        from airflow.sdk.definitions.asset import AssetNameRef

        stores: Any = context.get("asset_state_store")
        try:
            return stores[AssetNameRef(name=self.name)]
        except (KeyError, TypeError):
            raise AirflowFailException(
                f"The watermark of {self.name} is kept with the asset, which this task does not name: add it to the task's "
                "inlets (not to its outlets where the DAG is scheduled on it)."
            ) from None

    def _position(self, value: Any) -> Position | None:
        from oro_provider.extract.position import Position

        if value is None:
            return None
        try:
            return Position.from_json(json.loads(value) if isinstance(value, str) else value)
        except ValueError as error:
            raise AirflowFailException(f"The watermark of {self.name} cannot be read: {error}. Reset it.") from error


def is_past_run(context: Context) -> bool:
    """Whether this run reads the past (a backfill)."""
    run: Any = context.get("dag_run")
    kind = getattr(run, "run_type", None)
    return str(getattr(kind, "value", kind)) in PAST_RUNS


def _told(position: Position) -> str:
    return f"{position.until:%Y-%m-%dT%H:%M:%SZ} (order {position.last_id})"


def _read_variable(name: str) -> str | None:
    from airflow.sdk import Variable

    return Variable.get(name, default=None) or None
