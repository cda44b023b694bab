"""What a number should be: shared by all suites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Targets: TypeAlias = Mapping[str, tuple[Literal[">=", "<="], float]]


def reached(targets: Targets, name: str, value: float) -> bool:
    """Whether a number is what it should be."""
    sign, target = targets[name]
    return value >= target if sign == ">=" else value <= target
