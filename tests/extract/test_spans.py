"""What is read together of ids that belong to owners: full pages that end where an owner does."""

from __future__ import annotations

import pytest

from oro_provider.extract.spans import boundary, cuts


@pytest.mark.parametrize(
    ("owners", "size", "pages"),
    [
        ([], 2, [(0, 2), (2, 4), (4, 5)]),
        ([1, 1, 2, 2, 3], 2, [(0, 2), (2, 4), (4, 5)]),
        ([1, 2, 2, 2, 3], 2, [(0, 1), (1, 4), (4, 5)]),
        ([1, 1, 1, 1, 1], 2, [(0, 5)]),
        ([1, 2, 3, 3, 3], 3, [(0, 2), (2, 5)]),
    ],
    ids=["no owners", "at an owner's end", "one owner with more", "one owner", "before an owner"],
)
def test_a_page_ends_where_an_owner_does(owners: list[int], size: int, pages: list[tuple[int, int]]) -> None:
    assert [(cut.start, cut.stop) for cut in cuts(5, size, owners)] == pages


@pytest.mark.parametrize(("owners", "at", "place"), [([1, 1, 2, 2], 2, 2), ([1, 2, 2, 2], 2, 1), ([7, 7, 7, 7], 2, 4)])
def test_a_page_that_takes_too_long_is_halved_between_owners(owners: list[int], at: int, place: int) -> None:
    assert boundary(owners, 0, at) == place
