"""Images of products: a file that a worker can read, and the places of a shop that show it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from oro_provider.entities.model import File, Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Types of which one image of a product at most can be; a theme may declare more types, without a limit.
SOLE_TYPES = ("main", "listing")
FIRST_TYPES = ("main", "listing", "additional")


def image_list(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row's images with their types: where a row is silent the first is shown everywhere, the others additionally.

    Raise `ValueError` for two images of one name, or two that claim what only one can be.
    """
    images = [
        {"types": list(FIRST_TYPES) if place == 0 else ["additional"], **image} for place, image in enumerate(given)
    ]
    names = [file_name(image) for image in images]
    repeated = next((name for name in names if name and names.count(name) > 1), None)
    if repeated is not None:
        raise ValueError(
            f"has two files of the name {repeated!r}, by which they are told apart; give one another `name`"
        )
    for sole in SOLE_TYPES:
        if sum(sole in _names(image["types"]) for image in images) > 1:
            raise ValueError(f"has two images of the type {sole}, and only one of a product can be")
    return images


def file_name(image: Mapping[str, Any]) -> str:
    """Return the name that a file goes by."""
    return str(image.get("name") or PurePosixPath(str(image.get("file") or "")).name).strip()


def _names(types: Any) -> list[str]:
    listed = types.split(",") if isinstance(types, str) else types or ()
    return [str(one).strip() for one in listed]


IMAGES = Part(
    type="productimages",
    relationship="images",
    owner="product",
    key=("file",),
    short="file",
    back=True,
    files={"file": File("image", media="image/")},
    parts={
        "types": Part(
            type="productimagetypes",
            relationship="types",
            owner="productImage",
            key=("type",),
            short="type",
            whole=True,
            back=True,
            attributes={"type": "productImageTypeType"},
        )
    },
    complete=image_list,
)
