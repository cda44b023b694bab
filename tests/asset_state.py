"""Stand-ins for where Airflow keeps a watermark: the asset's state store, and the Variables of an Airflow that has none."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


class Stores(dict[str, dict[str, Any]]):
    """Stands for a task's `asset_state_store`: the state of the assets among its inlets and outlets."""

    def __getitem__(self, ref: Any) -> Any:
        state = super().__getitem__(ref.name)

        async def aget(key: str) -> Any:
            return state.get(key)

        return SimpleNamespace(get=state.get, set=state.__setitem__, delete=state.pop, aget=aget)


def let_variables_show(state: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the Variables of watermarks be another face of one asset's state, so that a test is the same on every Airflow."""

    def key(name: str) -> str:
        return f"watermark.{name.rpartition('__')[2]}"

    def get(name: str, default: Any = None) -> Any:
        return json.dumps(state[key(name)]) if key(name) in state else default

    def put(name: str, text: str) -> None:
        state[key(name)] = json.loads(text)

    monkeypatch.setattr("airflow.sdk.Variable", SimpleNamespace(get=get, set=put))
