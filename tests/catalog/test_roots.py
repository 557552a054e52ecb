from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from twinsift.catalog.database import Catalog
from twinsift.catalog.errors import CatalogError
from twinsift.catalog.roots import Root, add_root, list_roots, scopes


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("photos/2020/may", "photos/2020-extra", "photos/2021", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path / "photos"


def covered(catalog: Catalog, *folders: Path) -> list[tuple[bytes, bytes]]:
    found = scopes(catalog, list(folders))
    return [(os.path.basename(scope.root.path), scope.folder) for scope in found]


def put_file(catalog: Catalog, root: Root, path: bytes) -> int:
    with catalog.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO file (root_id, path, size, mtime_ns, device, inode)"
            " VALUES (?, ?, 1, 1, 1, 1)",
            (root.id, path),
        )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def rows(catalog: Catalog) -> dict[int, tuple[bytes, bytes]]:
    found = catalog.connection.execute(
        "SELECT f.id, r.path, f.path FROM file f JOIN root r ON r.id = f.root_id"
    )
    return {file_id: (os.path.basename(root), path) for file_id, root, path in found}


def test_a_new_folder_becomes_a_root_once(catalog: Catalog, photos: Path) -> None:
    assert covered(catalog, photos, photos, photos / "." / "2020" / "..") == [(b"photos", b"")]
    assert [root.path for root in list_roots(catalog)] == [os.fsencode(photos.resolve())]
    assert covered(catalog) == [(b"photos", b"")]


def test_a_link_to_a_folder_is_the_folder(catalog: Catalog, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(photos)
    assert covered(catalog, tmp_path / "link", photos) == [(b"photos", b"")]


def test_a_folder_inside_a_root_is_a_part_of_it(catalog: Catalog, photos: Path) -> None:
    add_root(catalog, photos)
    assert covered(catalog, photos / "2020") == [(b"photos", b"2020")]
    both = covered(catalog, photos / "2020", photos / "2020" / "may", photos / "2020-extra")
    assert both == [(b"photos", b"2020-extra"), (b"photos", b"2020")]
    assert len(list_roots(catalog)) == 1


def test_a_folder_around_known_roots_covers_them_too(catalog: Catalog, photos: Path) -> None:
    add_root(catalog, photos / "2020")
    assert covered(catalog, photos) == [(b"photos", b""), (b"2020", b"")]


def test_making_a_folder_inside_a_root_one_of_its_own_takes_its_files_along(
    catalog: Catalog, photos: Path
) -> None:
    outer = add_root(catalog, photos)
    inside = put_file(catalog, outer, b"2020/may/a.jpg")
    beside = put_file(catalog, outer, b"2020-extra/b.jpg")
    before = put_file(catalog, outer, b"2020.jpg")
    inner = add_root(catalog, photos / "2020", "reference")
    assert inner.role == "reference"
    assert rows(catalog) == {
        inside: (b"2020", b"may/a.jpg"),
        beside: (b"photos", b"2020-extra/b.jpg"),
        before: (b"photos", b"2020.jpg"),
    }
    innermost = add_root(catalog, photos / "2020" / "may")
    assert rows(catalog)[inside] == (b"may", b"a.jpg")
    assert innermost.role == "normal"


def test_adding_a_root_again_changes_neither_its_role_nor_its_files(
    catalog: Catalog, photos: Path
) -> None:
    root = add_root(catalog, photos, "reference")
    file_id = put_file(catalog, root, b"2020/a.jpg")
    assert add_root(catalog, photos) == root
    assert rows(catalog) == {file_id: (b"photos", b"2020/a.jpg")}


def test_excluded_folders_are_covered_by_nothing(catalog: Catalog, photos: Path) -> None:
    add_root(catalog, photos)
    add_root(catalog, photos / "2020", "excluded")
    assert covered(catalog) == [(b"photos", b"")]
    assert covered(catalog, photos) == [(b"photos", b"")]
    for folder in (photos / "2020", photos / "2020" / "may"):
        with pytest.raises(CatalogError, match="excluded"):
            covered(catalog, folder)


def test_folders_that_do_not_exist_are_refused_with_what_to_do(
    catalog: Catalog, photos: Path
) -> None:
    with pytest.raises(CatalogError, match="no folder is indexed"):
        covered(catalog)
    (photos / "file").write_bytes(b"")
    add_root(catalog, photos)
    for folder in (photos / "none", photos / "file", photos.parent / "none"):
        with pytest.raises(CatalogError, match="not a folder"):
            covered(catalog, folder)


def test_a_known_root_that_is_gone_is_still_covered(catalog: Catalog, photos: Path) -> None:
    add_root(catalog, photos / "2021")
    (photos / "2021").rmdir()
    assert covered(catalog, photos / "2021") == [(b"2021", b"")]
