"""VGG16 exported to ONNX puts out what Keras's and torch's own VGG16 put out, given its weights."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from twinsift.models import onnx_graph, preprocessing
from twinsift.models.embedding import Embedder
from twinsift.models.manifest import FC1
from twinsift.models.registry import Registry

pytest.importorskip("onnx", reason="needs the extra 'exact'")
pytest.importorskip("h5py", reason="needs the extra 'exact'")
torch: Any = pytest.importorskip("torch", reason="needs the extra 'exact'")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("vgg16")]

REPOSITORY = Path(__file__).resolve().parents[2]
Whole = tuple[Path, Any, dict[str, Any]]
TOLERANCE = 1e-4  # of the largest value: what issue and README promise


@pytest.fixture(scope="module")
def exporter() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "export_vgg16", REPOSITORY / "scripts" / "export_vgg16.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def keras() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        return pytest.importorskip("keras", reason="needs the extra 'exact'")


@pytest.fixture(scope="module")
def pictures(photograph: Callable[..., Image.Image]) -> np.ndarray:
    """Real photographs where they are there, else some made by code; 224 x 224."""
    folder = REPOSITORY.parent / "shared" / "data" / "photos" / "kodak"
    found = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.png"))[:2]]
    found = found or [photograph(1), photograph(2)]
    small = [image.resize((224, 224), Image.Resampling.BILINEAR) for image in found]
    return np.stack([np.asarray(image) for image in small])


def outputs(path: Path, images: np.ndarray) -> np.ndarray:
    """What the network puts out before anything is normalised, preprocessing by the Embedder."""
    embedder = Embedder(path)
    return embedder._run(embedder.preprocessing.apply(images))


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, relative to the largest value."""
    assert found.shape == expected.shape
    assert expected.max() > 0
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def test_fc1_is_that_of_keras(
    exporter: ModuleType, keras: Any, pictures: np.ndarray, tmp_path: Path
) -> None:
    import h5py

    keras.utils.set_random_seed(3)
    model = keras.applications.VGG16(weights=None)
    rng = np.random.default_rng(3)
    path = tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
    with h5py.File(path, "w") as file:  # laid out as the published file is
        names = [layer.name for layer in model.layers]
        file.attrs["layer_names"] = [name.encode() for name in names]
        for layer in model.layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = []
            if not layer.weights:
                continue
            kernel, bias = layer.get_weights()
            weights = [kernel, rng.normal(0, 0.05, bias.shape).astype(np.float32)]
            places = [f"{layer.name}_W_1:0", f"{layer.name}_b_1:0"]
            group.attrs["weight_names"] = [place.encode() for place in places]
            for place, array in zip(places, weights, strict=True):
                group.create_dataset(place, data=array)
    model.load_weights(path)  # Keras takes the file for one of its own
    fc1 = keras.Model(model.inputs, model.get_layer("fc1").output)
    prepared = keras.applications.vgg16.preprocess_input(pictures.astype(np.float32))
    expected = keras.ops.convert_to_numpy(fc1.predict(prepared, verbose=0))
    exported = tmp_path / "fc1.onnx"
    assert exporter.main(["--from-h5", os.fspath(path), os.fspath(exported)]) == 0
    assert Embedder(exported).preprocessing == preprocessing.CAFFE
    assert difference(outputs(exported, pictures), expected) <= TOLERANCE


def torch_vgg16(weights: Any) -> Any:
    """torchvision's vgg16 from its description, its state dict filled."""
    empty = torch.nn.utils.skip_init
    layers: list[Any] = []
    channels = 3
    for width in (64, 64, 0, 128, 128, 0, *[256] * 3, 0, *[512] * 3, 0, *[512] * 3, 0):
        if width:
            convolution = empty(torch.nn.Conv2d, channels, width, 3, padding=1)
            layers += [convolution, torch.nn.ReLU()]
            channels = width
        else:
            layers.append(torch.nn.MaxPool2d(2))
    net = torch.nn.Module()
    net.features = torch.nn.Sequential(*layers)
    net.classifier = torch.nn.Sequential(
        empty(torch.nn.Linear, 25088, 4096),
        torch.nn.ReLU(),
        torch.nn.Dropout(),
        empty(torch.nn.Linear, 4096, 4096),
        torch.nn.ReLU(),
        torch.nn.Dropout(),
        empty(torch.nn.Linear, 4096, 1000),
    )
    filled = [m for m in (*net.features, *net.classifier) if hasattr(m, "weight")]
    for module, arrays in zip(filled, weights.values(), strict=True):
        module.weight, module.bias = (
            torch.nn.Parameter(torch.from_numpy(array), requires_grad=False) for array in arrays
        )
    return net.eval()


def torch_fc1(net: Any, images: np.ndarray) -> np.ndarray:
    """fc1 after its ReLU, of pictures normalised as torchvision's transforms do it."""
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.inference_mode():
        flat = torch.flatten(net.features((batch - mean) / deviation), 1)
        return net.classifier[1](net.classifier[0](flat)).numpy()


@pytest.fixture(scope="module")
def whole(exporter: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """VGG16 with random weights and all its classes as an ONNX file, in torch, and the weights."""
    weights = exporter.random_weights(5, "predictions")
    path = tmp_path_factory.mktemp("vgg16") / "whole.onnx"
    model = exporter.network(weights, preprocessing.IMAGENET, output="predictions")
    import onnx

    onnx.save(model, path)
    return path, torch_vgg16(weights), weights


def test_the_state_dict_is_read_as_torch_uses_it_and_halves_stay_close(
    exporter: ModuleType, whole: Whole, pictures: np.ndarray, tmp_path: Path
) -> None:
    _, net, weights = whole
    path = tmp_path / "vgg16-397923af.pth"
    torch.save(net.state_dict(), path)
    for name, (weight, bias) in exporter.read_pth(path).items():
        assert np.array_equal(weight, weights[name][0])
        assert np.array_equal(bias, weights[name][1])
    exported = tmp_path / "fc1.onnx"
    exporter.main(["--from-pth", os.fspath(path), "--fp16", os.fspath(exported)])
    assert exported.stat().st_size < 240_000_000
    assert difference(outputs(exported, pictures), torch_fc1(net, pictures)) <= 1e-2


@pytest.fixture(scope="module")
def cut(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The whole network as `twinsift model add FILE --name cut --output fc1` installs it."""
    networks = Registry(tmp_path_factory.mktemp("models"))
    networks.add(whole[0], name="cut", output=FC1)
    return networks


def test_fc1_cut_out_of_the_whole_network_is_torchs_and_lets_the_rest_go(
    whole: Whole, cut: Registry, pictures: np.ndarray
) -> None:
    path, net, _ = whole
    assert path.stat().st_size > 553_000_000
    [one] = cut.installed()
    assert (one.output, one.dimension) == ("fc1", 4096)
    assert one.bytes < 471_000_000  # fc2 and the classes are 83 MB
    kept = onnx_graph.read(cut.path("cut")).initializers
    assert not [name for name in kept if name.startswith(("fc2", "predictions"))]
    assert difference(outputs(cut.path("cut"), pictures), torch_fc1(net, pictures)) <= TOLERANCE


def test_integers_keep_the_direction(
    exporter: ModuleType, cut: Registry, pictures: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "int8.onnx"
    exporter.quantise(cut.path("cut"), path, list(pictures))
    assert path.stat().st_size < 120_000_000
    assert Embedder(path).preprocessing == preprocessing.IMAGENET
    a, b = (Embedder(place).embed(pictures) for place in (cut.path("cut"), path))
    assert (a * b).sum(axis=1).min() >= 0.999
