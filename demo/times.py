"""Times as the store and Airflow write them."""

from __future__ import annotations

from datetime import datetime


def moment(text: str) -> datetime:
    """Read ISO 8601, with UTC as `Z` too, which Python 3.10 does not read by itself."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
