"""A store that answers as OroCommerce does, for demos and tests: `python -m oro_provider.sandbox`.

`running()` runs one in a thread; what a request goes through is told by `store`, `api`, `reading` and `writing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oro_provider.sandbox.server import RunningStore, running

__all__ = ["RunningStore", "running"]


def __getattr__(name: str) -> Any:
    # The server brings starlette and uvicorn, which not everyone who imports the package has.
    if name in __all__:
        from oro_provider.sandbox import server

        return getattr(server, name)
    raise AttributeError(name)
