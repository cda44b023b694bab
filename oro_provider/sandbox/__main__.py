"""The command line: `python -m oro_provider.sandbox --port 0 --orders 100` prints one JSON line once it listens."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime, timezone

from oro_provider.sandbox.application import Shop
from oro_provider.sandbox.server import listen, open_store, serve
from oro_provider.sandbox.store import CLIENT_ID, CLIENT_SECRET, Settings
from oro_provider.sandbox.versions import FACTS


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def parser() -> argparse.ArgumentParser:
    """The arguments of the command line."""
    made = argparse.ArgumentParser(prog="python -m oro_provider.sandbox", description=__doc__)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=0, help="0 takes a free one")
    made.add_argument("--seed", type=int, default=1, help="the same seed makes the same shop")
    made.add_argument("--orders", type=int, default=100, help="orders over the last 30 days")
    made.add_argument("--version", choices=sorted(FACTS), default="6.1", help="the store version to behave like")
    made.add_argument("--data", default=":memory:", metavar="FILE", help="database file, filled when it is new")
    made.add_argument("--now", type=_moment, metavar="TIME", help="where the store's clock starts (ISO 8601)")
    made.add_argument("--client-id", default=CLIENT_ID)
    made.add_argument("--client-secret", default=CLIENT_SECRET)
    made.add_argument("--admin-prefix", default="admin", metavar="NAME")
    made.add_argument("--token-lifetime", type=int, default=3600, metavar="SECONDS")
    made.add_argument("--search-delay", type=float, default=2.0, metavar="SECONDS", help="lag of the search index")
    made.add_argument("--consumers", type=int, default=1, help="message consumers; 0 leaves batches waiting")
    made.add_argument("--product-flag", action="append", default=[], metavar="NAME", help="a boolean product attribute")
    made.add_argument("--live", type=float, default=0.0, metavar="N", help="changes a minute, made by itself")
    made.add_argument(
        "--fault", type=json.loads, action="append", default=[], metavar="JSON", help="what POST /_sandbox/faults takes"
    )
    made.add_argument("--fill-only", action="store_true", help="make the database file and end")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the store until it is told to stop."""
    asked = parser().parse_args(arguments)
    settings = Settings(
        version=asked.version,
        seed=asked.seed,
        orders=asked.orders,
        data=asked.data,
        now=asked.now,
        client_id=asked.client_id,
        client_secret=asked.client_secret,
        token_lifetime=asked.token_lifetime,
        admin_prefix=asked.admin_prefix,
        search_delay=asked.search_delay,
        consumers=asked.consumers,
        product_flags=tuple(asked.product_flag),
    )
    store = open_store(settings)
    if asked.fill_only:
        store.connection.close()
        return 0
    for fault in asked.fault:
        store.disturb(fault)
    try:
        listener = listen(asked.host, asked.port)
    except OSError as error:
        parser().error(
            f"cannot listen on port {asked.port} of {asked.host} ({error.strerror}); --port 0 takes a free one"
        )
    told = {
        "url": f"http://{asked.host}:{listener.getsockname()[1]}",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }

    def listening() -> None:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

    serve(Shop(store, asked.live), listener, listening)
    return 0


if __name__ == "__main__":
    sys.exit(main())
