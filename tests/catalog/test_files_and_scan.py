"""File actions and indexing together: what one does, the other finds as it left it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PIL import Image
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Verb, accept, decide, keep_only
from twinsift.catalog.indexer import index
from twinsift.catalog.listing import list_groups
from twinsift.catalog.matcher import match
from twinsift.catalog.planning import build
from twinsift.catalog.review import load_group
from twinsift.catalog.settings import IndexSettings, Settings
from twinsift.catalog.undo import undo_batch

SETTINGS = replace(Settings(), index=IndexSettings(hidden=True, workers=1))


def test_trash_undo_and_index_again(tmp_path: Path, photograph: Callable[..., Image.Image]) -> None:
    photos, catalog_path = tmp_path / "photos", tmp_path / "catalog.sqlite"
    (photos / "copies").mkdir(parents=True)
    for seed in range(2):
        photograph(seed, 320, 240).save(photos / f"{seed}.png")
        (photos / f"copies/{seed}.png").write_bytes((photos / f"{seed}.png").read_bytes())
    index(catalog_path, [photos], SETTINGS)
    match(catalog_path, SETTINGS)
    with Catalog.open(catalog_path) as catalog:
        shown = [load_group(catalog, group.id) for group in list_groups(catalog)]
        assert len(shown) == 2
        accept(catalog, [detail for detail in shown if detail is not None])
        outcome = apply_plan(catalog, build(catalog, SETTINGS))
        assert (outcome.done, outcome.messages) == (2, ())
        assert list(list_groups(catalog)) == []
        again = index(catalog_path, [], SETTINGS)
        assert (again.decoded, again.vanished, again.files) == (0, 0, 2)  # the trash isn't walked
        assert list(list_groups(catalog)) == []

        assert undo_batch(catalog).done == 2
        assert [group.is_decided for group in list_groups(catalog)] == [True, True]
        again = index(catalog_path, [], SETTINGS)
        assert (again.decoded, again.unchanged) == (0, 4)
        assert len(build(catalog, SETTINGS).items) == 2


def test_a_file_moved_within_the_library_stays_decided(
    tmp_path: Path, photograph: Callable[..., Image.Image]
) -> None:
    photos, catalog_path = tmp_path / "photos", tmp_path / "catalog.sqlite"
    photos.mkdir()
    photograph(7, 320, 240).save(photos / "a.png")
    (photos / "b.png").write_bytes((photos / "a.png").read_bytes())
    index(catalog_path, [photos], SETTINGS)
    match(catalog_path, SETTINGS)
    with Catalog.open(catalog_path) as catalog:
        (group,) = list_groups(catalog)
        detail = load_group(catalog, group.id)
        assert detail is not None
        target = bytes(photos / "twins")
        decide(catalog, group.id, keep_only(detail, {detail.keeper.file_id}, Verb.MOVE, target))
        assert apply_plan(catalog, build(catalog, SETTINGS)).done == 1
        again = index(catalog_path, [], SETTINGS)
        assert (again.decoded, again.moved, again.vanished, again.unchanged) == (0, 0, 0, 2)
        assert [group.is_decided for group in list_groups(catalog)] == [True]
        assert build(catalog, SETTINGS).items == ()
