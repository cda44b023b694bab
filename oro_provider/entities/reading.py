"""How a resource is read whole whose ids are no integers and which may be long: by ranges of what it belongs to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keyset:
    """A to-one relationship in whose order the records are read: `filter[<by>.id][gt]=n&sort=<by>,id`.

    `each`: a relationship whose filter is compulsory and takes one value, so that the reading is done for each of its records.
    """

    by: str
    each: str


KEYSETS = {
    # Ids are GUIDs with the price list's id, which have no `gt`; page numbers skip a price when one before is deleted; a list
    # without filter[priceList] is a 400 (5.1 to 7.0).
    "productprices": Keyset(by="product", each="priceList"),
}
