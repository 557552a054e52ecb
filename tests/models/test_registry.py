from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from twinsift.models import manifest, preprocessing, registry
from twinsift.models.embedding import Embedder
from twinsift.models.errors import ModelError
from twinsift.models.manifest import MANIFEST, is_name
from twinsift.models.preprocessing import KINDS, Preprocessing
from twinsift.models.registry import Installed, Registry

from tests.models.test_embedding import pooling_network


@pytest.fixture
def networks(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my net.v2.onnx"
    path.write_bytes(pooling_network(("N", 3, 8, 8)))
    return path


@pytest.fixture
def published(file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An entry of the manifest whose file is `file`, to be had from disk by way of `fetch`."""
    data = file.read_bytes()
    entry = replace(
        MANIFEST["vgg16"],
        name="small",
        file="small-1.onnx",
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        cut="mean",
    )

    def fetch(addresses: tuple[str, ...], target: Path, **wanted: object) -> None:
        assert (addresses, wanted["size"]) == (entry.addresses, len(data))
        target.write_bytes(data)

    monkeypatch.setattr(registry.download, "fetch", fetch)
    for module in (registry, manifest):
        monkeypatch.setattr(module, "MANIFEST", {"small": entry})
    return "small"


def test_the_manifest_says_what_is_known_of_the_zoos_files() -> None:
    for name, entry in MANIFEST.items():
        assert (entry.name, is_name(name), len(entry.sha256)) == (name, True, 64)
        assert entry.preprocessing in KINDS
        assert len(entry.addresses) > 1
        assert all(a.startswith("https://") and a.endswith(entry.file) for a in entry.addresses)
    assert MANIFEST["vgg16"].bytes == 553_437_752
    assert MANIFEST["vgg16-int8"].bytes == 138_407_238


def test_a_file_of_ones_own_is_kept_and_known_by_its_name(networks: Registry, file: Path) -> None:
    one = networks.add(file)
    assert (one.name, one.output, one.dimension) == ("my-net-v2", "mean", 3)
    assert networks.installed() == [one] == [networks.default()]
    assert networks.resolve("my-net-v2") == networks.resolve("") == networks.path(one.name)
    assert networks.check(one) == "cpu"
    with pytest.raises(ModelError, match="already"):
        networks.add(file)
    networks.remove(one.name)
    assert networks.installed() == []
    assert networks.resolve("") is None
    assert file.exists()


def test_an_output_is_chosen_and_a_preprocessing_written_into_the_file(
    networks: Registry, file: Path
) -> None:
    one = networks.add(file, name="bgr", output="same", kind="caffe")
    assert (one.output, one.dimension) == ("same", 192)
    embedder = Embedder(networks.path("bgr"))
    assert embedder.preprocessing == preprocessing.CAFFE
    (vector,) = embedder.embed(np.full((1, 8, 8, 3), (200, 0, 50), np.uint8))
    expected = np.repeat([50 - 103.939, 0 - 116.779, 200 - 123.68], 64)
    assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert embedder.key != Embedder(file, "same").key


def test_a_published_network_is_pulled_cut_and_used_before_others(
    networks: Registry, file: Path, published: str
) -> None:
    networks.add(file, name="own", output="same")
    one = networks.pull(published)
    assert (one.name, one.output, one.licence) == ("small", "mean", "Apache-2.0")
    assert networks.default() == one
    assert networks.pull(published) == one
    assert sorted(path.name for path in networks.folder.glob("[!.]*")) == [
        "own.json",
        "own.onnx",
        "small.json",
        "small.onnx",
    ]
    with pytest.raises(ModelError, match="no network nix to download"):
        networks.pull("nix")


def test_a_published_file_fetched_by_hand_is_known_by_its_digest(
    networks: Registry, file: Path, published: str, tmp_path: Path
) -> None:
    assert networks.add(file, name=published).licence == "Apache-2.0"
    other = tmp_path / "other.onnx"
    other.write_bytes(pooling_network((1, 3, 4, 4)))
    networks.remove(published)
    with pytest.raises(ModelError, match="isn't the published small"):
        networks.add(other, name=published)


def test_what_cannot_be_used_is_refused_and_leaves_nothing(
    networks: Registry, file: Path, tmp_path: Path
) -> None:
    rubble = tmp_path / "rubble.onnx"
    rubble.write_bytes(b"this is no network")
    grey = tmp_path / "grey.onnx"
    grey.write_bytes(pooling_network((1, 1, 4, 4)))
    cases = [
        ({"file": tmp_path / "gone.onnx"}, "can't be read"),
        ({"file": rubble}, "isn't an ONNX file"),
        ({"file": grey}, "another kind of input"),
        ({"file": file, "output": "logits"}, "'logits'"),
        ({"file": file, "name": "../evil"}, "can't be a network's name"),
        ({"file": file, "name": "none"}, "can't be a network's name"),
        ({"file": file, "name": "vgg16"}, "isn't the published vgg16"),
    ]
    for wanted, words in cases:
        with pytest.raises(ModelError, match=words) as caught:
            networks.add(**wanted)  # pyright: ignore[reportArgumentType]
        assert "\n" not in str(caught.value)
    assert networks.installed() == []
    assert not [path for path in networks.folder.glob("*") if not path.name.endswith(".lock")]
    with pytest.raises(ModelError, match="no network"):
        networks.remove("nix")


def test_half_a_network_and_strange_records_are_no_networks(networks: Registry, file: Path) -> None:
    one = networks.add(file, name="good")
    record = networks.folder / "good.json"
    found = json.loads(record.read_text())
    (networks.folder / "lonely.json").write_text(json.dumps({**found, "name": "lonely"}))
    (networks.folder / "newer.json").write_text(json.dumps({**found, "name": "newer", "x": 1}))
    (networks.folder / "torn.json").write_text("{")
    (networks.folder / "widow.onnx").write_bytes(file.read_bytes())
    assert networks.installed() == [one]


def test_a_damaged_file_is_found_out(networks: Registry, file: Path) -> None:
    one = networks.add(file, name="good")
    with open(networks.path("good"), "r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\xff")
    with pytest.raises(ModelError, match="damaged"):
        networks.check(one)


def test_a_name_that_is_not_installed_says_how_to_get_it(networks: Registry) -> None:
    with pytest.raises(ModelError, match="twinsift model pull vgg16"):
        networks.resolve("vgg16")
    with pytest.raises(ModelError, match="twinsift model list"):
        networks.resolve("mobilenet")
    assert networks.resolve("none") is None
    assert networks.resolve("./vgg16") == Path("vgg16")
    assert networks.resolve("net.onnx") == Path("net.onnx")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_preprocessings_survive_the_metadata(kind: Preprocessing) -> None:
    assert Preprocessing.from_json(kind.to_json()) == kind


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"order": "RGB", "divisor": 1, "mean": [1], "deviation": [1, 1, 1]}']
)
def test_metadata_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ModelError, match="preprocessing"):
        preprocessing.of_metadata({preprocessing.METADATA_KEY: text})


@pytest.mark.parametrize("text", ["[" * 5000, '{"name": 1}', "9" * 5000, "\x00", "null"])
def test_a_record_that_is_none_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.json").write_text(text)
    (tmp_path / "net.onnx").write_bytes(b"")
    assert Registry(tmp_path).installed() == []


def test_a_record_with_words_for_numbers_is_passed_over(tmp_path: Path) -> None:
    fields = dict.fromkeys(Installed.__dataclass_fields__, "x") | {"name": "net"}
    (tmp_path / "net.json").write_text(json.dumps(fields))
    (tmp_path / "net.onnx").write_bytes(b"")
    assert Registry(tmp_path).installed() == []
