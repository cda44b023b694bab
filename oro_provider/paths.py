"""Paths of files: a local path becomes a `pathlib.Path`, anything with a scheme Airflow's object storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def path_of(target: Any) -> Any:
    """Return a path to open: of a text (`/lake`, `file:///lake`, `s3://conn@bucket/lake`), or a path as it is."""
    text = str(target)
    if not text.strip():
        raise ValueError("the path is empty")
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    if "://" not in text:
        return Path(text).absolute()
    if not isinstance(target, str):
        return target
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(text)
