"""Images of products: sent once, sent again where they differ, shown where the row says; and those that cannot be sent."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest

from oro_provider.api.documents import encode
from oro_provider.entities import entity_of
from oro_provider.entities.images import image_list
from oro_provider.load.apply import ApplyOptions
from oro_provider.load.contents import Content, body_bytes, with_contents
from oro_provider.load.plan import Action
from oro_provider.load.rows import Row, row_or_reject
from tests.integration.loading import counts, run_load
from tests.load.proxy import proxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.load.conftest import LoadStore

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def image(folder: Path, name: str, more: bytes = b"") -> str:
    path = folder / name
    path.write_bytes(PIXEL + more)
    return str(path)


def product(sku: str, *images: Any) -> dict[str, Any]:
    return {"sku": sku, "name": f"Product {sku}", "unit": "each", "images": list(images)}


def held(store: LoadStore, sku: str) -> dict[str, tuple[int, str, list[str]]]:
    """Size, content and types of a product's images, by file name."""
    rows = store.sandbox.execute(
        "SELECT f.originalFilename, f.fileSize, f.content, t.productImageTypeType FROM productimages i "
        "JOIN products p ON p.id = i.product JOIN files f ON f.id = i.image "
        "LEFT JOIN productimagetypes t ON t.productImage = i.id WHERE p.sku = ?",
        (sku,),
    )
    found: dict[str, tuple[int, str, list[str]]] = {}
    for name, size, content, type_ in rows:
        found.setdefault(name, (size, content, []))[2].append(type_)
    return {name: (size, content, sorted(types)) for name, (size, content, types) in found.items()}


@pytest.mark.parametrize("way", ["single", "sync", "async"])
def test_images_are_sent_once_and_again_only_where_they_differ(store: LoadStore, tmp_path: Path, way: Any) -> None:
    apply = ApplyOptions(way=way, poll_interval=0.05)
    sku = f"IMG-{way}"
    front, back = image(tmp_path, "front.png"), image(tmp_path, "back.png")
    rows = [
        product(sku, front, {"file": back, "types": "additional"}),
        product(f"{sku}-2", {"file": front, "name": "f.png"}),
    ]
    outcome, rejects = run_load(store, "products", rows, apply=apply)
    assert (counts(outcome), rejects) == ((2, 0, 0, 0), [])
    text = base64.b64encode(PIXEL).decode()
    assert held(store, sku) == {
        "front.png": (len(PIXEL), text, ["additional", "listing", "main"]),
        "back.png": (len(PIXEL), text, ["additional"]),
    }
    assert held(store, f"{sku}-2").keys() == {"f.png"}
    before = store.requests()[-1]["number"]
    outcome, _ = run_load(store, "products", rows, apply=apply)
    assert counts(outcome) == (0, 0, 2, 0)
    asked = store.requests(before)
    assert not [one for one in asked if one["method"] != "GET" and one.get("override") != "GET"]

    image(tmp_path, "back.png", b"more")
    rows[0] = product(sku, {"file": front, "types": ["listing"]}, {"file": back, "types": ["main", "additional"]})
    outcome, rejects = run_load(store, "products", rows, apply=apply)
    assert (counts(outcome), rejects) == ((0, 1, 1, 0), [])
    assert held(store, sku) == {
        "front.png": (len(PIXEL), text, ["listing"]),
        "back.png": (len(PIXEL) + 4, base64.b64encode(PIXEL + b"more").decode(), ["additional", "main"]),
    }
    outcome, _ = run_load(store, "products", rows, apply=apply)
    assert counts(outcome) == (0, 0, 2, 0)
    assert store.count("productimages i JOIN products p ON p.id = i.product", f"p.sku LIKE '{sku}%'") == 3


def test_an_image_that_a_row_does_not_name_stays(store: LoadStore, tmp_path: Path) -> None:
    first, second = image(tmp_path, "first.png"), image(tmp_path, "second.png")
    run_load(store, "products", [product("IMG-STAY", first)])
    outcome, _ = run_load(store, "products", [product("IMG-STAY", {"file": second, "types": "additional"})])
    assert counts(outcome) == (0, 1, 0, 0)
    assert held(store, "IMG-STAY").keys() == {"first.png", "second.png"}


def test_images_that_cannot_be_sent_are_refused_with_their_row_and_the_others_go(
    store: LoadStore, tmp_path: Path
) -> None:
    good, empty = image(tmp_path, "good.png"), tmp_path / "empty.png"
    empty.write_bytes(b"")
    rows = [
        product("IMG-BAD-0", good),
        product("IMG-BAD-1", str(tmp_path / "gone.png")),
        product("IMG-BAD-2", str(empty)),
        product("IMG-BAD-3", str(tmp_path / "terms.pdf")),
        product("IMG-BAD-4", good, good),
        product("IMG-BAD-5", {"file": good, "types": "main"}, {"file": good, "name": "x.png", "types": ["main"]}),
        product("IMG-BAD-6", {"types": "main"}),
        product("IMG-BAD-7", {"file": "/etc/passwd", "name": "x.png"}),
    ]
    outcome, rejects = run_load(store, "products", rows)
    assert counts(outcome) == (1, 0, 0, 7)
    said = {reject.row: (reject.field, reject.reason) for reject in rejects}
    words = {
        2: "No such file",
        3: "empty file",
        4: "terms.pdf",
        5: "two files",
        6: "type main",
        7: "is missing",
        8: "'passwd'",
    }
    assert {row: (said[row][0], word in said[row][1]) for row, word in words.items()} == {
        2: ("images.file", True), 3: ("images.file", True), 4: ("images.file", True), 5: ("images", True),
        6: ("images", True), 7: ("images.file", True), 8: ("images.file", True),
    }  # fmt: skip


@pytest.mark.parametrize("way", ["sync", "async"])
def test_an_image_too_large_for_the_web_server_refuses_its_row_only(store: LoadStore, tmp_path: Path, way: Any) -> None:
    rows = [product(f"IMG-{way}-L{n}", image(tmp_path, f"{n}.png", b"x" * (8000 if n == 1 else 0))) for n in range(3)]
    with proxy(store, largest=8000) as settings:
        behind = type("Behind", (), {"settings": settings})()
        outcome, rejects = run_load(behind, "products", rows, apply=ApplyOptions(way=way, poll_interval=0.05))
    assert counts(outcome) == (2, 0, 0, 1)
    assert (rejects[0].row, "413" in rejects[0].reason) == (2, True)


def test_files_are_read_when_they_are_sent_and_counted_before(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PIXEL)
    part = {"type": "files", "id": "x", "attributes": Content("a.png", path, len(PIXEL)).attributes}
    row = row_or_reject(entity_of("products"), 1, {"sku": "A-1"})
    assert isinstance(row, Row)
    action = Action("create", row, None, {"type": "products"}, (part,))

    async def sent() -> Any:
        return await with_contents(action.included)

    assert body_bytes(action) == len(encode(action.data, asyncio.run(sent())))


def test_the_first_of_a_rows_images_is_shown_everywhere_unless_it_says_otherwise() -> None:
    images = image_list([{"file": "a.png"}, {"file": "b.png"}])
    assert [one["types"] for one in images] == [["main", "listing", "additional"], ["additional"]]
    images = image_list([{"file": "a.png", "types": "additional"}, {"file": "b.png", "types": "main,listing"}])
    assert [one["types"] for one in images] == ["additional", "main,listing"]


def test_a_cell_of_a_csv_file_may_list_paths() -> None:
    row = row_or_reject(entity_of("products"), 1, {"sku": "A-1", "images": "/pim/a.jpg, s3://pim/b.png"})
    assert isinstance(row, Row)
    assert [part.files["file"].name for part in row.fields.parts["images"]] == ["a.jpg", "b.png"]
