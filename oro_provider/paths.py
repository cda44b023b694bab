"""Paths of files: a local path becomes a `pathlib.Path`, anything with a scheme Airflow's object storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oro_provider.disk import on_disk


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


def path_below(folder: Any, name: Any) -> Any:
    """Return the path of a file that a row names, relative to a folder or whole; raise `ValueError` for one that lies outside."""
    base, given = path_of(folder), str(name)
    path = path_of(given) if "://" in given or given.startswith("/") else base / given
    if on_disk(path) and on_disk(base):
        inside = path.resolve().is_relative_to(base.resolve())
    else:
        inside = str(path).startswith(f"{str(base).rstrip('/')}/") and ".." not in given.split("/")
    if not inside:
        raise ValueError(f"lies outside of {folder}")
    return path
