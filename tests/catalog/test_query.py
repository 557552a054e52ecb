"""find: one picture against folders, with and without a network; sift-ssim: the earlier tool."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from twinsift.catalog import sift_ssim
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.query import FindResult, find
from twinsift.catalog.settings import IndexSettings, Settings
from twinsift.models.errors import PictureError
from twinsift.models.evidence import Verdict

SETTINGS = Settings()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, photograph) -> Path:
    folder = tmp_path_factory.mktemp("albums")
    for album in ("one", "two"):
        (folder / album).mkdir()
    wanted = photograph(71)
    wanted.save(folder / "one" / "wanted.jpg", quality=92)
    wanted.resize((320, 240)).save(folder / "one" / "small.png")
    ImageOps.mirror(wanted).save(folder / "two" / "mirrored.jpg")
    for seed in range(72, 77):
        photograph(seed).save(folder / "two" / f"other-{seed}.jpg")
    return folder


@pytest.fixture(scope="module")
def catalog_path(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    path = tmp_path_factory.mktemp("query") / "catalog.sqlite"
    index(path, [folder], SETTINGS)
    return path


def names(result: FindResult) -> list[str]:
    return [os.path.basename(os.fsdecode(hit.path)) for hit in result.hits]


def test_the_same_pixels_in_another_format_are_told_as_the_review_tells_them(tmp_path, photograph):
    picture = photograph(78)
    for name in ("a.png", "b.tif", "c.bmp"):
        picture.save(tmp_path / name)
    almost = picture.copy()
    almost.putpixel((3, 3), (0, 0, 0))
    almost.save(tmp_path / "almost.png")
    path = tmp_path / "catalog.sqlite"
    index(path, [tmp_path], SETTINGS)
    with Catalog.open(path) as catalog:
        result = find(catalog, tmp_path / "a.png", [tmp_path], minimum=0.8, settings=SETTINGS)
    told = dict(zip(names(result), [(h.verdict, h.similarity) for h in result.hits], strict=True))
    assert told.pop("almost.png")[0] is Verdict.REENCODED
    assert told == dict.fromkeys(("b.tif", "c.bmp"), (Verdict.IDENTICAL_PIXELS, 1.0))


def test_without_a_network_evidence_ranks_and_says_so(catalog_path, folder):
    with Catalog.open(catalog_path) as catalog:
        result = find(
            catalog, folder / "one" / "wanted.jpg", [folder], minimum=0.8, settings=SETTINGS
        )
    assert result.measure == "evidence"
    assert "twinsift model pull vgg16" in result.notice
    assert set(names(result)) == {"small.png", "mirrored.jpg"}
    verdicts = {os.path.basename(os.fsdecode(h.path)): h.verdict for h in result.hits}
    assert verdicts == {"small.png": Verdict.RESIZED, "mirrored.jpg": Verdict.TURNED}


def test_only_the_folders_asked_for_are_searched(catalog_path, folder):
    with Catalog.open(catalog_path) as catalog:
        result = find(
            catalog, folder / "one" / "wanted.jpg", [folder / "two"], minimum=0.5, settings=SETTINGS
        )
    assert names(result) == ["mirrored.jpg"]


def test_a_picture_from_elsewhere_needs_no_row_of_its_own(
    catalog_path, folder, tmp_path, photograph
):
    stranger = tmp_path / "crop.webp"
    photograph(71).crop((100, 60, 520, 420)).save(stranger, quality=85)
    with Catalog.open(catalog_path) as catalog:
        result = find(catalog, stranger, [folder], minimum=0.7, settings=SETTINGS)
        rows = catalog.connection.execute("SELECT count(*) FROM file").fetchone()[0]
    assert set(names(result)) == {"wanted.jpg", "small.png", "mirrored.jpg"}
    assert rows == 8


def test_a_copy_of_the_same_bytes_is_100_percent(catalog_path, folder, tmp_path):
    copy = tmp_path / "copy.jpg"
    copy.write_bytes((folder / "one" / "wanted.jpg").read_bytes())
    with Catalog.open(catalog_path) as catalog:
        result = find(catalog, copy, [folder], minimum=0.9, settings=SETTINGS)
    assert names(result)[0] == "wanted.jpg"
    assert result.hits[0].similarity == 1
    assert result.hits[0].verdict is Verdict.IDENTICAL_FILE


def test_a_broken_picture_is_refused_by_name(catalog_path, folder, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing")
    with Catalog.open(catalog_path) as catalog, pytest.raises(PictureError, match=r"broken\.jpg"):
        find(catalog, broken, [folder], minimum=0.9, settings=SETTINGS)


@pytest.mark.slow
def test_with_a_network_the_cosine_ranks(tmp_path, shared_data):
    """Against plain cosines of vectors made here, by Pillow and numpy."""
    onnxruntime = pytest.importorskip("onnxruntime")
    network = shared_data / "models" / "mobilenetv2_trunk.onnx"
    folder = tmp_path / "copies"
    folder.mkdir()
    for file in sorted((shared_data / "copies" / "images").iterdir())[:24]:
        shutil.copy(file, folder)
    session = onnxruntime.InferenceSession(str(network), providers=["CPUExecutionProvider"])

    def vector(file: Path) -> np.ndarray:
        whole = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
        upright = whole.resize((224, 224), Image.Resampling.BILINEAR)
        pixels = (np.asarray(upright) / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
        batch = pixels.transpose(2, 0, 1)[None].astype(np.float32)
        found = session.run(["embedding_1280"], {"data": batch})[0].ravel()
        return found / np.linalg.norm(found)

    vectors = {file.name: vector(file) for file in sorted(folder.iterdir())}
    wanted = next(iter(vectors))
    expected = {name: float(v @ vectors[wanted]) for name, v in vectors.items() if name != wanted}
    options = IndexSettings(model=str(network), model_output="embedding_1280")
    settings = replace(SETTINGS, index=options)
    path = tmp_path / "catalog.sqlite"
    index(path, [folder], settings)
    with Catalog.open(path) as catalog:
        result = find(catalog, folder / wanted, [folder], minimum=-1.0, settings=settings)
        some = find(catalog, folder / wanted, [folder], minimum=0.5, settings=settings)
    assert (result.measure, result.notice) == ("embedding", "")
    values = [hit.similarity for hit in result.hits]
    assert values == sorted(values, reverse=True)
    assert set(names(result)) == set(expected)
    assert values == pytest.approx([expected[name] for name in names(result)], abs=2e-4)
    assert [h for h in result.hits if h.similarity >= 0.5] == list(some.hits)


def test_the_earlier_tools_method_counts_the_duplicates_of_each_image(tmp_path, photograph):
    folder = tmp_path / "pictures"
    folder.mkdir()
    wanted = photograph(81)
    wanted.save(folder / "a.jpg", quality=95)
    wanted.save(folder / "b.jpg", quality=60)
    wanted.save(folder / "c.png")
    (folder / "c-again.png").write_bytes((folder / "c.png").read_bytes())
    ImageOps.mirror(wanted).save(folder / "mirrored.jpg")  # that method doesn't see it
    photograph(82).save(folder / "other.jpg")
    path = tmp_path / "catalog.sqlite"
    index(path, [folder], SETTINGS)
    summary = match(path, SETTINGS, method="sift-ssim")
    with Catalog.open(path) as catalog:
        counts = {os.path.basename(p).decode(): n for p, n in sift_ssim.counts(catalog)}
    assert counts == {"a.jpg": 3, "b.jpg": 3, "c.png": 3, "c-again.png": 3}
    assert (summary.groups, summary.near_groups) == (1, 0)
    assert match(path, SETTINGS, method="sift-ssim").judged == 0


@pytest.mark.parametrize(("ssim", "found"), [(0.7, True), (0.999, False)])
def test_every_threshold_of_it_is_a_setting(tmp_path, photograph, ssim, found):
    first, second = tmp_path / "a.png", tmp_path / "b.jpg"
    photograph(83).save(first)
    photograph(83).save(second, quality=40)
    settings = replace(SETTINGS.sift_ssim, ssim=ssim)
    job = sift_ssim.Job((1, 2), os.fsencode(first), os.fsencode(second))
    finding = sift_ssim.compare_files(job, settings, 10**8)
    assert finding.kind == "sift"
    assert finding.ssim is not None
    assert (finding.ssim > settings.ssim) == found
    strict = replace(settings, good_fraction=1.0)
    assert sift_ssim.compare_files(job, strict, 10**8).ssim is None


def test_pictures_without_keypoints_do_no_harm(tmp_path):
    for name in ("a.png", "b.png"):
        Image.new("RGB", (64, 64), "navy").save(tmp_path / name)
    job = sift_ssim.Job((1, 2), os.fsencode(tmp_path / "a.png"), os.fsencode(tmp_path / "b.png"))
    assert sift_ssim.compare_files(job, SETTINGS.sift_ssim, 10**8).ssim is None
