"""Rows made up by hypothesis: whatever a row holds, it is a row or a refusal that names its field, soon and small."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oro_provider.entities import ENTITIES
from oro_provider.load.rows import Reject, Row, row_or_reject

NUMBERS = (
    "1e999999999",
    "-1e999999",
    "NaN",
    "sNaN",
    "Infinity",
    "1" * 5000,
    "١٢",
    "²",
    "0x10",
    "1_000",
    "--1",
    "1.2.3",
)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*NUMBERS, 10**400, float("inf"), float("nan"), "\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def names_of(type_: str) -> list[str]:
    """What a row of this entity may say, and what no row may."""
    entity = ENTITIES[type_]
    known = [*entity.key, *entity.references, *entity.texts, *entity.parts, *entity.settings, *entity.composed]
    return [*known, *entity.shape.attributes, "id", "type", "attributes", "relationships", "meta", "name.de_DE", ""]


ROWS = st.sampled_from(sorted(ENTITIES)).flatmap(
    lambda type_: st.tuples(
        st.just(type_),
        VALUE | st.dictionaries(st.sampled_from(names_of(type_)) | st.text(max_size=10), VALUE, max_size=8),
    )
)


@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_any_row_is_read_or_refused(given_row: tuple[str, Any]) -> None:
    type_, record = given_row
    found = row_or_reject(ENTITIES[type_], 1, record)
    assert isinstance(found, Row | Reject)
    if isinstance(found, Row):
        assert len(msgspec.json.encode(dict(found.fields.attributes))) < 100_000
    else:
        assert found.reason
        assert len(found.reason) < 10_000


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("type_", ["productprices", "inventorylevels", "orders"])
def test_a_number_that_is_none_takes_no_memory(type_: str, number: str) -> None:
    row = {"price_list": "A", "product": "B", "unit": "each", "currency": "USD", "identifier": "1"}
    row |= dict.fromkeys(("value", "quantity", "subtotalValue"), number)
    tracemalloc.start()
    row_or_reject(ENTITIES[type_], 1, row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1024**2
