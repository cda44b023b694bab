"""An extract from the watermark to now: exactly the orders that are new or changed since, each state of an order once.

The ids come first, by small requests that see late commits and orders dated in the past; then these orders are read. The
watermark is not moved: the position goes to XCom, and whoever has made the data safe advances to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oro_provider.version_compat import AirflowFailException
from oro_provider.watermarks import Watermark, is_past_run
from oro_provider.windows import CURES, moment

if TYPE_CHECKING:
    from airflow.sdk import Asset, Context

    from oro_provider.api.async_client import AsyncOroClient
    from oro_provider.extract.files import Manifest
    from oro_provider.extract.position import Position
    from oro_provider.extract.reader import Extract

# The XCom under which an extract leaves the position to advance to.
POSITION_KEY = "watermark"


def stored_position(context: Context, asset: Asset | None, reader: str) -> Position | None:
    """Return the position of the asset's watermark, None where there is none yet; never in a backfill."""
    if asset is None:
        raise AirflowFailException('window="watermark" needs the asset whose watermark it is: asset=orders_asset()')
    if is_past_run(context):
        raise AirflowFailException(f"A backfill does not read from the watermark. {CURES}")
    return Watermark(asset, reader).read(context)


async def extract_news(
    client: AsyncOroClient, spec: Extract, target: Any, position: Position | None, since: Any
) -> tuple[Manifest, Position]:
    """Read what is new since `position` into a folder below `target`; return the manifest and the position after it.

    Without a position it begins at `since`, a moment or ISO 8601.
    """
    from oro_provider.extract.new_orders import NewOrders, begin, read_news
    from oro_provider.extract.reader import extract
    from oro_provider.extract.window import SECOND, Window

    if spec.entity.type != "orders":
        raise ValueError('window="watermark" is for orders: give other entities since= and until=, or an interval')
    if position is None:
        start = moment(since, "since")
        if start is None:
            raise ValueError("there is no watermark yet: say by since= where the first run of all begins")
        position = await begin(client, NewOrders(since=start))
    heads, after = await read_news(client, position)
    window = Window(position.until, max(after.until, position.until + SECOND))
    spec = replace(spec, window=None, only=tuple(head.id for head in heads))
    return await extract(client, spec, target / spec.entity.type / window.folder), after
