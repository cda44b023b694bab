"""The places where a resource's own rules join the common way of a write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oro_provider.sandbox.drafts import Draft
    from oro_provider.sandbox.writing import Writer


@dataclass(frozen=True, slots=True)
class Rules:
    """What one resource adds: each hook may be missing."""

    blank: Mapping[str, str] = field(default_factory=dict)  # own words for an empty required field
    adopt: Callable[[Draft], None] | None = None  # tell included records who their owner is, before any check
    check: Callable[[Writer, Draft], None] | None = None  # note problems
    reserve: Callable[[Writer, Draft], None] | None = None  # number what is added before what the request brings
    before: Callable[[Writer, Draft], None] | None = None  # fill in what the store derives
    after: Callable[[Writer, Draft, str], None] | None = None  # side effects on other records
    forbid: Callable[[Writer, dict[str, Any]], str | None] | None = None  # the reason why a record cannot be deleted
    removed: Callable[[Writer, Any], None] | None = None  # what else goes with a record
