"""What an extract by watermark reads: exactly the orders that are new or changed since, each state of an order once.

The ids come first, by small requests that see late commits and orders dated in the past. The watermark is not moved: the
position goes to XCom, and whoever has made the data safe advances to it. What is new is remembered beside the files until they are
published: a retry that looked anew would find a window that ends later, and leave the files of the try before it where they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from oro_provider.disk import replace_file
from oro_provider.version_compat import AirflowFailException
from oro_provider.watermarks import Watermark, is_past_run
from oro_provider.windows import CURES, moment

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow.sdk import Asset, Context

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.extract.position import Position
    from oro_provider.extract.window import Window

NO_ASSET = 'window="watermark" needs the asset whose watermark it is: asset=orders_asset()'
# The XCom under which an extract leaves the position to advance to.
POSITION_KEY = "watermark"


@dataclass(frozen=True, slots=True)
class News:
    """The ids of what is new with the dates of the last changes, the window that they came in, and the position after it."""

    ids: tuple[tuple[str, str], ...]
    window: Window
    after: Position


@dataclass(frozen=True, slots=True)
class NewsJournal:
    """What the tries of a task have found to be new since a position (None where there was none), in one small file."""

    path: Any
    since: Position | None

    def load(self) -> News | None:
        """Return what an earlier try found since the same position, None where there is nothing of one."""
        from oro_provider.extract.position import Position
        from oro_provider.extract.window import Window

        if not self.path.exists():
            return None
        try:
            kept = json.loads(self.path.read_bytes())
        except ValueError:
            return None  # cut off
        if kept["since"] != self._since:
            return None
        window = Window(*map(datetime.fromisoformat, kept["window"]))
        return News(tuple((id_, date) for id_, date in kept["ids"]), window, Position.from_json(kept["after"]))

    def save(self, news: News) -> None:
        """Keep what was found."""
        window = [news.window.since.isoformat(), news.window.until.isoformat()]
        kept = {"since": self._since, "ids": news.ids, "window": window, "after": news.after.to_json()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, json.dumps(kept).encode())

    def delete(self) -> None:
        """Forget it: the files are published."""
        if self.path.exists():
            self.path.unlink()

    @property
    def _since(self) -> dict[str, Any] | None:
        return self.since.to_json() if self.since else None


def stored_position(context: Context, asset: Asset | None, reader: str) -> Position | None:
    """Return the position of the asset's watermark, None where there is none yet; never in a backfill."""
    if asset is None:
        raise AirflowFailException(NO_ASSET)
    if is_past_run(context):
        raise AirflowFailException(f"A backfill does not read from the watermark. {CURES}")
    return Watermark(asset, reader).read(context)


async def read_news(client: AsyncOroClient, position: Position | None, since: Any, overlap: timedelta) -> News:
    """Look for what is new since `position`; without one it begins at `since`, a moment or ISO 8601.

    `overlap` is how long after its id was given an order may be committed and still be found; none is 120 seconds.
    """
    from oro_provider.extract import new_orders
    from oro_provider.extract.position import OVERLAP
    from oro_provider.extract.window import SECOND, Window

    overlap = overlap or OVERLAP
    if position is None:
        start = moment(since, "since")
        if start is None:
            raise ValueError("there is no watermark yet: say by since= where the first run of all begins")
        position = await new_orders.begin(client, new_orders.NewOrders(since=start, overlap=overlap))
    heads, after = await new_orders.read_news(client, replace(position, overlap=overlap))
    window = Window(position.until, max(after.until, position.until + SECOND))
    return News(tuple((str(head.id), head.updated) for head in heads), window, after)
