"""`watermarks`: how far each reader of an asset has come, read from Airflow's database, and a way to begin again.

The command runs beside Airflow and not in a task, so it goes to the database where the tasks go through the API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oro_provider.version_compat import AIRFLOW_V_3_3_PLUS
from oro_provider.watermarks import Watermark

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import TextIO

SCHEME = "orocommerce://"
_STATE_PREFIX = "watermark."
_VARIABLE_PREFIX = "orocommerce_watermark__"


@dataclass(frozen=True, slots=True)
class Stored:
    """A watermark as it stands in the database; `place` is where, for its removal."""

    asset: str
    reader: str
    value: dict[str, Any]
    place: tuple[int | None, str]

    @property
    def variable(self) -> str:
        """The Variable that it has, or had, where assets have no state store."""
        return Watermark(self.asset, self.reader).variable

    def is_of(self, asset: str) -> bool:
        """Whether it is an asset's, named with or without the scheme, which a Variable does not tell."""
        return self.variable == Watermark(asset, self.reader).variable


def watermarks(args: argparse.Namespace, results: TextIO) -> int:
    """Print the watermarks, those of one asset or reader only where they are named; with --reset remove them."""
    found = [
        stored
        for stored in _all_stored(superseded=args.reset)
        if (args.asset is None or stored.is_of(args.asset)) and args.reader in {None, stored.reader}
    ]
    if args.reset:
        if args.asset is None:
            raise ValueError("name the asset whose watermark is to be removed: a reader without one begins afresh")
        if not found:
            raise ValueError(f"{args.asset} has no watermark")
        for stored in found:
            _remove(stored)
            results.write(f"removed the watermark of {stored.asset} for reader {stored.reader}\n")
        return 0
    if args.json:
        rows = [{"asset": stored.asset, "reader": stored.reader, "watermark": stored.value} for stored in found]
        results.write(f"{json.dumps(rows, indent=2)}\n")
        return 0
    for stored in found:
        value = stored.value
        results.write(f"{stored.asset}  {stored.reader}  {value.get('until')}  order {value.get('last_id')}\n")
    if not found:
        results.write("there is no watermark\n")
    return 0


def _all_stored(*, superseded: bool) -> Iterator[Stored]:
    """All of them, also those in Variables that an Airflow before 3.3 left; `superseded` ones too, which an asset's state stands before."""
    states = list(_stored_states()) if AIRFLOW_V_3_3_PLUS else []
    yield from states
    before = {stored.variable for stored in states}
    yield from (stored for stored in _stored_variables() if superseded or stored.variable not in before)


def _stored_states() -> Iterator[Stored]:
    """Those in the state stores of assets (3.3)."""
    from airflow.models.asset import AssetModel
    from airflow.models.asset_state_store import AssetStateStoreModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = (
        select(AssetModel.name, AssetModel.id, AssetStateStoreModel.key, AssetStateStoreModel.value)
        .join(AssetStateStoreModel, AssetStateStoreModel.asset_id == AssetModel.id)
        .where(AssetStateStoreModel.key.startswith(_STATE_PREFIX), AssetModel.uri.startswith(SCHEME))
        .order_by(AssetModel.name, AssetStateStoreModel.key)
    )
    with create_session() as session:
        for name, asset_id, key, value in session.execute(query):
            yield Stored(name, key.removeprefix(_STATE_PREFIX), json.loads(value), (asset_id, key))


def _stored_variables() -> Iterator[Stored]:
    """Those in Variables, where assets have no state store (before 3.3)."""
    from airflow.models.variable import Variable
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(Variable).where(Variable.key.startswith(_VARIABLE_PREFIX)).order_by(Variable.key)
        for variable in session.scalars(query):
            place, _, reader = variable.key.removeprefix(_VARIABLE_PREFIX).rpartition("__")
            asset = f"{SCHEME}{place.replace('__', '/')}"
            yield Stored(asset, reader, json.loads(variable.get_val() or "{}"), (None, variable.key))


def _remove(stored: Stored) -> None:
    asset_id, key = stored.place
    if asset_id is None:
        from airflow.models.variable import Variable

        Variable.delete(key)
    else:
        from airflow.state import AssetScope, get_state_backend

        get_state_backend().delete(AssetScope(asset_id=asset_id), key)
