"""The shape of each resource: its attributes with their kinds and its relationships with their targets.

One table for the client (comparing, casting, sparse fields) and for the sandbox (what a document holds). Names and kinds are
those of OroCommerce 6.1; what another version lacks or names otherwise stands with the sandbox's per-version facts and with
the client's probed features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

# How a value stands in a document. `money` and `decimal` are strings there ("26.0000", "10"), `float` is a JSON number.
Kind = Literal["string", "integer", "money", "decimal", "float", "boolean", "datetime", "date", "list", "object"]


@dataclass(frozen=True, slots=True)
class To:
    """A relationship: the type it points to, and whether to many."""

    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A resource's attributes and relationships, by name."""

    attributes: Mapping[str, Kind]
    relationships: Mapping[str, To]
