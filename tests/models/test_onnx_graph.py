from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.models import onnx_graph
from twinsift.models.errors import ModelError

onnx = pytest.importorskip("onnx", reason="needs the extra 'exact'")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def constant(name: str, array: Any) -> Any:
    return numpy_helper.from_array(np.asarray(array), name)


def save(path: Path, nodes: list, outputs: list, constants: list, opsets: tuple = ()) -> Path:
    """A network from data (N x 3 x 4 x 4) to `outputs`."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", 3, 4, 4])],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs],
        constants,
        value_info=[helper.make_tensor_value_info("relu0", TensorProto.FLOAT, ["N", 5])],
    )
    opset_imports = [helper.make_opsetid("", 17), *(helper.make_opsetid(*pair) for pair in opsets)]
    model = helper.make_model(graph, opset_imports=opset_imports, ir_version=8)
    helper.set_model_props(model, {"made by": "a test"})
    onnx.save(model, path)
    return path


def run(path: Path, output: str) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    data = np.random.default_rng(0).standard_normal((2, 3, 4, 4), np.float32)
    return np.asarray(session.run([output], {"data": data})[0])


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """Flatten, dense, ReLU, dropout, dense: the end of the zoo's VGG16 in small."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("Flatten", ["data"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w0", "b0"], ["sum0"], transB=1),
        helper.make_node("Relu", ["sum0"], ["relu0"]),
        helper.make_node("Dropout", ["relu0"], ["drop"]),
        helper.make_node("Gemm", ["drop", "w1"], ["classes"], transB=1),
    ]
    constants = [
        constant("w0", rng.standard_normal((5, 48), np.float32)),
        constant("b0", rng.standard_normal(5, np.float32)),
        constant("w1", rng.standard_normal((7, 5), np.float32)),
    ]
    return save(tmp_path / "whole.onnx", nodes, [("classes", TensorProto.FLOAT)], constants)


@pytest.mark.parametrize("tensor", ["fc1", "relu0"])
def test_what_lies_behind_the_cut_is_gone_and_the_rest_is_the_same(
    classifier: Path, tmp_path: Path, tensor: str
) -> None:
    cut = tmp_path / "cut.onnx"
    assert onnx_graph.install(classifier, cut, tensor, {"more": "said"}) == "relu0"
    model = onnx.load(cut)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["Flatten", "Gemm", "Relu"]
    assert {one.name for one in model.graph.initializer} == {"w0", "b0"}
    assert [one.name for one in model.graph.output] == ["relu0"]
    assert {one.key: one.value for one in model.metadata_props} == {
        "made by": "a test",
        "more": "said",
    }
    whole = onnx.load(classifier)
    whole.graph.output.append(helper.make_tensor_value_info("relu0", TensorProto.FLOAT, None))
    both = tmp_path / "both.onnx"
    onnx.save(whole, both)
    assert np.array_equal(run(cut, "relu0"), run(both, "relu0"))


def test_a_network_that_needs_all_its_parts_is_copied_byte_for_byte(
    classifier: Path, tmp_path: Path
) -> None:
    for number, output in enumerate(("", "classes")):
        copy = tmp_path / f"copy{number}.onnx"
        assert onnx_graph.install(classifier, copy, output) == "classes"
        assert copy.read_bytes() == classifier.read_bytes()


def test_integers_become_floats_after_a_relu(tmp_path: Path) -> None:
    # As the zoo's int8 file: the ReLU lies in the range of QGemm's output, which is not symmetric
    # here, so that one is added.
    rng = np.random.default_rng(2)
    nodes = [
        helper.make_node("QuantizeLinear", ["data", "s", "z"], ["data_q"]),
        helper.make_node("Flatten", ["data_q"], ["flat"]),
        helper.make_node(
            "QGemm",
            ["flat", "s", "z", "w", "ws", "wz", "b", "ys", "yz"],
            ["sum_q"],
            domain="com.microsoft",
            transB=1,
        ),
        helper.make_node("Flatten", ["sum_q"], ["after"]),
        helper.make_node("DequantizeLinear", ["after", "ys", "yz"], ["classes"]),
    ]
    weights = rng.integers(-100, 100, (5, 48)).astype(np.int8)
    constants = [
        constant("s", np.float32(0.03)),
        constant("z", np.uint8(128)),
        constant("w", weights),
        constant("ws", np.float32(0.01)),
        constant("wz", np.int8(0)),
        constant("b", np.zeros(5, np.int32)),
        constant("ys", np.float32(0.1)),
        constant("yz", np.uint8(128)),
    ]
    path = save(
        tmp_path / "int8.onnx",
        nodes,
        [("classes", TensorProto.FLOAT)],
        constants,
        (("com.microsoft", 1),),
    )
    cut = tmp_path / "cut.onnx"
    assert onnx_graph.install(path, cut, "fc1") == "fc1"
    whole = run(path, "classes")
    assert whole.min() < 0
    assert np.array_equal(run(cut, "fc1"), np.maximum(whole, 0))


def test_what_a_subgraph_takes_from_outside_is_kept(tmp_path: Path) -> None:
    branches = [
        helper.make_graph(
            [helper.make_node(kind, ["data", "offset"], [f"{kind}_out"])],
            kind,
            [],
            [helper.make_tensor_value_info(f"{kind}_out", TensorProto.FLOAT, None)],
        )
        for kind in ("Add", "Sub")
    ]
    nodes = [
        helper.make_node(
            "If", ["yes"], ["moved"], then_branch=branches[0], else_branch=branches[1]
        ),
        helper.make_node("Neg", ["moved"], ["end"]),
    ]
    constants = [constant("yes", np.array(True)), constant("offset", np.float32(3))]
    path = save(tmp_path / "if.onnx", nodes, [("end", TensorProto.FLOAT)], constants)
    cut = tmp_path / "cut.onnx"
    onnx_graph.install(path, cut, "moved")
    assert np.array_equal(run(cut, "moved"), -run(path, "end"))


def test_what_cannot_be_cut_is_refused_in_one_line(classifier: Path, tmp_path: Path) -> None:
    external = tmp_path / "external.onnx"
    onnx.save(
        onnx.load(classifier),
        external,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    empty = tmp_path / "empty.onnx"
    empty.touch()
    shallow = save(
        tmp_path / "shallow.onnx",
        [helper.make_node("Neg", ["data"], ["end"])],
        [("end", TensorProto.FLOAT)],
        [],
    )
    cases = [
        (classifier, "logits", "no output or tensor 'logits'"),
        (external, "", "other files"),
        (empty, "", "is empty"),
        (tmp_path / "none.onnx", "", "can't be read"),
        (shallow, "fc1", "no dense layer"),
    ]
    for number, (path, tensor, words) in enumerate(cases):
        with pytest.raises(ModelError, match=words) as caught:
            onnx_graph.install(path, tmp_path / f"out{number}", tensor)
        assert "\n" not in str(caught.value)


@given(data=st.data())
def test_damaged_files_are_refused_and_never_crash(data: st.DataObject, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    nodes = [helper.make_node("Neg", ["data"], ["end"])]
    whole = save(folder / "whole.onnx", nodes, [("end", TensorProto.FLOAT)], []).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    hurt = bytearray(whole)
    hurt[place] = data.draw(st.integers(0, 255))
    path = folder / "hurt.onnx"
    path.write_bytes(hurt[: data.draw(st.integers(0, len(hurt)))])
    try:
        onnx_graph.read(path)
    except ModelError as error:
        assert "\n" not in str(error)
