from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from twinsift.models.embedding import Embedder, identify
from twinsift.models.errors import ModelError
from twinsift.models.reduction import SQUEEZED

# A network small enough to write out by hand, in protobuf's wire format (onnx/onnx.proto).


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes((number & 127 | 128,)), number >> 7
    return out + bytes((number,))


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def value_info(name: str, shape: tuple[int | str, ...], kind: int = 1) -> bytes:
    sides = b"".join(
        block(1, number(1, side) if isinstance(side, int) else block(2, side)) for side in shape
    )
    tensor = block(1, number(1, kind) + block(2, sides))
    return block(1, name) + block(2, tensor)


def pooling_network(shape: tuple[int | str, ...]) -> bytes:
    """Averages each channel ('mean'), and passes the picture through ('same')."""
    pool = block(1, "x") + block(2, "mean") + block(4, "GlobalAveragePool")
    same = block(1, "x") + block(2, "same") + block(4, "Identity")
    graph = (
        block(1, pool)
        + block(1, same)
        + block(2, "g")
        + block(11, value_info("x", shape))
        + block(12, value_info("mean", (shape[0], 3, 1, 1)))
        + block(12, value_info("same", shape))
    )
    return number(1, 7) + block(8, block(1, "") + number(2, 13)) + block(7, graph)


@pytest.fixture
def network(tmp_path: Path) -> Callable[..., Path]:
    def write(*shape: int | str) -> Path:
        path = tmp_path / "net.onnx"
        path.write_bytes(pooling_network(shape))
        return path

    return write


def test_pictures_are_normalised_as_imagenets_networks_want_it(
    network: Callable[..., Path],
) -> None:
    embedder = Embedder(network(1, 3, 8, 16))
    assert (embedder.width, embedder.height, embedder.output) == (16, 8, "mean")
    (vector,) = embedder.embed(np.full((1, 8, 16, 3), (255, 0, 128), np.uint8))
    means, deviations = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = (np.array([255, 0, 128]) / 255 - means) / deviations
    assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)
    assert vector.dtype == np.float32


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), ("N", 3, 8, 8), ("N", 3, "H", "W")])
def test_fixed_and_open_batches_and_sizes_give_the_same_vectors(
    network: Callable[..., Path], shape: tuple[int | str, ...]
) -> None:
    embedder = Embedder(network(*shape), threads=1)
    size = (3, embedder.height, embedder.width, 3)
    pictures = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    together = embedder.embed(pictures)
    assert together.shape == (3, 3)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0)
    for picture, vector in zip(pictures, together, strict=True):
        assert embedder.embed(picture[None])[0] == pytest.approx(vector, abs=1e-6)


def test_another_output_can_be_chosen_and_the_key_names_it(network: Callable[..., Path]) -> None:
    path = network(1, 3, 4, 4)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert Embedder(path).key == f"{digest}:mean:{SQUEEZED}" == identify(path)
    chosen = Embedder(path, "same")
    assert chosen.key == f"{digest}:same:{SQUEEZED}" == identify(path, "same")
    assert chosen.embed(np.zeros((1, 4, 4, 3), np.uint8)).shape == (1, 48)


def test_files_that_are_no_fitting_network_are_refused_in_one_line(
    network: Callable[..., Path], tmp_path: Path
) -> None:
    rubble = tmp_path / "rubble.onnx"
    rubble.write_bytes(b"this is no network")
    cases: list[tuple[Path, str, str]] = [
        (tmp_path / "none.onnx", "", "can't be read"),
        (rubble, "", "can't be loaded"),
        (network(1, 3, 4, 4), "logits", "no output"),
    ]
    for path, output, words in cases:
        with pytest.raises(ModelError, match=words) as caught:
            Embedder(path, output)
        assert "\n" not in str(caught.value)
        assert caught.value.remedy
    with pytest.raises(ModelError, match="another kind of input"):
        Embedder(network(1, 1, 4, 4))


@pytest.mark.parametrize("name", ["mobilenetv2_trunk.onnx", "squeezenet1_1.onnx"])
def test_real_networks_tell_a_recompressed_picture_from_another(
    shared_data: Path, photograph: Callable[..., Image.Image], name: str
) -> None:
    embedder = Embedder(shared_data / "models" / name)
    pictures = (photograph(1), photograph(1).resize((320, 240)), photograph(2))
    size = (embedder.width, embedder.height)
    a, b, c = embedder.embed(np.stack([np.asarray(picture.resize(size)) for picture in pictures]))
    assert a @ b > 0.9
    assert a @ b > a @ c
