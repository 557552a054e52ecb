"""The graph of an ONNX file, and the same file cut off behind one of its tensors.

Read and written in protobuf's wire format, field by field (numbers as in onnx/onnx.proto), through
a memory map: the weights are never in memory, and no package beside numpy is needed. The `onnx`
package would take the whole file into memory, twice over for a moment, and is a large dependency
for picking parts out of a list.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .errors import ModelError
from .manifest import FC1
from .text import printable

_MODEL_GRAPH, _MODEL_METADATA = 7, 14
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUES = 1, 5, 11, 12, 13
_GRAPH_QUANTISATION, _GRAPH_SPARSE = 14, 15
_VARINT, _FIXED64, _BLOCK, _FIXED32 = 0, 1, 2, 5
_EXTERNAL = 1  # TensorProto.DataLocation
_CHUNK = 1 << 20

_DENSE = frozenset({"Gemm", "MatMul", "QGemm", "QLinearMatMul", "FusedGemm"})
# What may stand between a dense layer and its ReLU, or stand for it.
_PASSED = frozenset({"Add", "QLinearAdd", "QuantizeLinear", "DequantizeLinear", "Relu", "Reshape"})
# Where the operators that put out integers have the scale of what they put out; its zero point is
# the next input.
_OUT_SCALE = {"QGemm": 7, "QLinearMatMul": 6, "QLinearAdd": 6, "QuantizeLinear": 1}

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Node:
    """One operator; `span` is where its message lies in the file."""

    kind: str
    inputs: tuple[str, ...]
    """With what its subgraphs take from outside."""
    outputs: tuple[str, ...]
    span: Span


@dataclass(slots=True)
class Graph:
    """What an ONNX file holds, by name; spans are offsets of messages in the file."""

    nodes: list[Node] = field(default_factory=list)
    initializers: dict[str, Span] = field(default_factory=dict)
    inputs: dict[str, Span] = field(default_factory=dict)
    outputs: dict[str, Span] = field(default_factory=dict)
    values: dict[str, Span] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    rest: list[Span] = field(default_factory=list)
    """Fields of the graph that aren't about a single node or tensor, whole."""
    around: list[Span] = field(default_factory=list)
    """Fields of the model beside the graph, whole."""

    @property
    def tensors(self) -> set[str]:
        """Everything that a node puts out."""
        return {name for node in self.nodes for name in node.outputs if name}


def read(path: Path) -> Graph:
    """The graph of a file.

    Raises:
        ModelError: it isn't an ONNX file, or keeps its weights in other files.
    """
    with _Mapped(path) as data:
        return _graph(data, path)


def install(
    source: Path, target: Path, tensor: str = "", metadata: Mapping[str, str] | None = None
) -> str:
    """Write `source` without what `tensor` doesn't need, and that tensor's name as an output.

    `tensor` may be an output, the name of any tensor inside, FC1, or '' for the first output.
    Where nothing is left out and no `metadata` are added, the copy is the same bytes, so that the
    same network is known by the same digest. Integer outputs are turned into floats.

    Raises:
        ModelError: the file is no ONNX file or has no such tensor.
        OSError: it can't be read or written.
    """
    with _Mapped(source) as data, open(target, "xb") as out:
        graph = _graph(data, source)
        if not graph.outputs:
            raise ModelError(f"{printable(os.fspath(source))} has no output", "export it again")
        wanted, added = _resolve(graph, tensor or next(iter(graph.outputs)), source)
        kept = _needed(graph, wanted if not added else added[0].inputs[0])
        kept_also = {name for node in added for name in node.inputs}
        if len(kept) == len(graph.nodes) and wanted in graph.outputs:
            _copy(data, out, (0, len(data)))
        else:
            _write_cut(data, out, graph, kept, kept_also, wanted, added)
        for key, value in (metadata or {}).items():
            entry = _text(1, key) + _text(2, value)
            out.write(_block(_MODEL_METADATA, entry))  # fields may come in any order
        out.flush()
        os.fsync(out.fileno())
    return wanted


@dataclass(frozen=True, slots=True)
class _Added:
    """A node that the file lacks."""

    kind: str
    inputs: tuple[str, ...]
    output: str

    def message(self) -> bytes:
        inputs = b"".join(_text(1, name) for name in self.inputs)
        return inputs + _text(2, self.output) + _text(4, self.kind)


def _resolve(graph: Graph, tensor: str, path: Path) -> tuple[str, list[_Added]]:
    """The tensor's own name, and the nodes to add behind it to have floats after a ReLU."""
    if tensor in graph.outputs or tensor in graph.tensors:
        return tensor, []
    if tensor != FC1:
        names = ", ".join([*graph.outputs, FC1])
        raise ModelError(
            f"{printable(os.fspath(path))} has no output or tensor {tensor!r}", f"it has {names}"
        )
    node = next((node for node in graph.nodes if node.kind in _DENSE), None)
    last = node
    while node is not None:
        last = node
        if node.kind == "Relu":
            # A quantise-dequantise pair behind it stays out: it would only round.
            return node.outputs[0], []
        followers = [n for n in graph.nodes if node.outputs[0] in n.inputs]
        node = followers[0] if len(followers) == 1 and followers[0].kind in _PASSED else None
    if last is None:
        raise ModelError(f"{printable(os.fspath(path))} has no dense layer", "name an --output")
    place = _OUT_SCALE.get(last.kind)
    if place is None and last.kind == "DequantizeLinear":
        # Quantisation folds the ReLU into the range of the integers.
        return FC1, [_Added("Relu", (last.outputs[0],), FC1)]
    if place is None:
        raise ModelError(
            f"the first dense layer of {printable(os.fspath(path))} has no ReLU", "name an --output"
        )
    real = FC1 + "_dequantised"
    scale = (last.outputs[0], *last.inputs[place : place + 2])
    return FC1, [_Added("DequantizeLinear", scale, real), _Added("Relu", (real,), FC1)]


def _needed(graph: Graph, tensor: str) -> list[Node]:
    """The nodes that a tensor hangs on, in the file's order (which is that of computing)."""
    wanted = {tensor}
    kept = []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    return kept[::-1]


def _write_cut(
    data: mmap.mmap,
    out: IO[bytes],
    graph: Graph,
    kept: list[Node],
    also: Collection[str],
    wanted: str,
    added: list[_Added],
) -> None:
    used = {name for node in kept for name in (*node.inputs, *node.outputs)} | set(also)
    parts: list[bytes | Span] = []

    def add(tag: int, spans: Iterable[Span]) -> None:
        for start, end in spans:
            parts.extend((_varint(tag << 3 | _BLOCK) + _varint(end - start), (start, end)))

    def of(table: Mapping[str, Span]) -> Iterator[Span]:
        return (span for name, span in table.items() if name in used)

    add(_GRAPH_NODE, (node.span for node in kept))
    parts += [_block(_GRAPH_NODE, node.message()) for node in added]
    add(_GRAPH_INITIALIZER, of(graph.initializers))
    add(_GRAPH_INPUT, of(graph.inputs))
    add(_GRAPH_VALUES, of({n: span for n, span in graph.values.items() if n != wanted}))
    if wanted in graph.outputs:
        add(_GRAPH_OUTPUT, [graph.outputs[wanted]])
    elif wanted in graph.values:
        add(_GRAPH_OUTPUT, [graph.values[wanted]])
    else:  # floats, of a shape that ONNX Runtime finds out itself
        floats = _block(1, _number(1, 1))
        parts.append(_block(_GRAPH_OUTPUT, _text(1, wanted) + _block(2, floats)))
    parts += graph.rest
    for span in graph.around:
        _copy(data, out, span)
    length = sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)
    out.write(_varint(_MODEL_GRAPH << 3 | _BLOCK) + _varint(length))
    for part in parts:
        if isinstance(part, bytes):
            out.write(part)
        else:
            _copy(data, out, part)


def _copy(data: mmap.mmap, out: IO[bytes], span: Span) -> None:
    start, end = span
    for place in range(start, end, _CHUNK):
        out.write(data[place : min(end, place + _CHUNK)])


# Reading messages.


class _Mapped:
    """A file's bytes, mapped; what can't be mapped is refused in one line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> mmap.mmap:
        shown = printable(os.fspath(self._path))
        try:
            with open(self._path, "rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise ModelError(
                f"{shown} can't be read: {error.strerror}", "give an ONNX file"
            ) from error
        except ValueError as error:
            raise ModelError(f"{shown} is empty", "give an ONNX file") from error
        return self._map

    def __exit__(self, *error: object) -> None:
        self._map.close()


def _graph(data: mmap.mmap, path: Path) -> Graph:
    try:
        found = _model(data)
    except (IndexError, ValueError) as error:
        raise _no_onnx(path) from error
    if not found.nodes:
        raise _no_onnx(path)
    return found


def _no_onnx(path: Path) -> ModelError:
    return ModelError(
        f"{printable(os.fspath(path))} isn't an ONNX file, or is damaged", "give an ONNX file"
    )


def _model(data: mmap.mmap) -> Graph:
    graph = Graph()
    for tag, kind, start, (first, last) in _fields(data, 0, len(data)):
        if tag == _MODEL_GRAPH and kind == _BLOCK:
            _read_graph(data, first, last, graph)
            continue
        graph.around.append((start, last))
        if tag == _MODEL_METADATA and kind == _BLOCK:
            entry = _texts(data, first, last)
            graph.metadata[entry.get(1, "")] = entry.get(2, "")
    return graph


def _read_graph(data: mmap.mmap, first: int, last: int, graph: Graph) -> None:
    tables = {
        _GRAPH_INPUT: (graph.inputs, 1),
        _GRAPH_OUTPUT: (graph.outputs, 1),
        _GRAPH_VALUES: (graph.values, 1),
        _GRAPH_INITIALIZER: (graph.initializers, 8),
    }
    for tag, kind, start, span in _fields(data, first, last):
        if kind != _BLOCK:
            graph.rest.append((start, span[1]))
        elif tag == _GRAPH_NODE:
            graph.nodes.append(_node(data, span))
        elif tag in tables:
            table, name_tag = tables[tag]
            if tag == _GRAPH_INITIALIZER and _is_external(data, span):
                raise ModelError(
                    "the network keeps its weights in other files", "save it as a single file"
                )
            table[_texts(data, *span, wanted=(name_tag,)).get(name_tag, "")] = span
        elif tag not in (_GRAPH_QUANTISATION, _GRAPH_SPARSE):
            graph.rest.append((start, span[1]))


def _node(data: mmap.mmap, span: Span) -> Node:
    inputs, outputs, name = [], [], ""
    for tag, _, _, (first, last) in _fields(data, *span):
        if tag == 1:
            inputs.append(data[first:last].decode())
        elif tag == 2:
            outputs.append(data[first:last].decode())
        elif tag == 4:
            name = data[first:last].decode()
        elif tag == 5:
            inputs += _taken_by_subgraphs(data, first, last)
    return Node(name, tuple(inputs), tuple(outputs), span)


def _taken_by_subgraphs(data: mmap.mmap, first: int, last: int) -> list[str]:
    """What the graphs inside an attribute (of If, Loop) take, from outside or inside alike."""
    taken: list[str] = []
    for tag, kind, _, span in _fields(data, first, last):
        if tag in (6, 11) and kind == _BLOCK:
            inner = Graph()
            _read_graph(data, *span, inner)
            taken += [name for node in inner.nodes for name in node.inputs]
            taken += list(inner.outputs)
    return taken


def _is_external(data: mmap.mmap, span: Span) -> bool:
    return any(
        tag == 14 and kind == _VARINT and data[first] == _EXTERNAL
        for tag, kind, _, (first, _) in _fields(data, *span)
    )


def _texts(
    data: mmap.mmap, first: int, last: int, wanted: Collection[int] = (1, 2)
) -> dict[int, str]:
    return {
        tag: data[start:end].decode()
        for tag, kind, _, (start, end) in _fields(data, first, last)
        if kind == _BLOCK and tag in wanted
    }


def _fields(data: mmap.mmap, first: int, last: int) -> Iterator[tuple[int, int, int, Span]]:
    """(number, wire type, where the field begins, where its content lies) of a message's fields."""
    place = first
    while place < last:
        start = place
        key, place = _read_varint(data, place)
        kind = key & 7
        if kind == _BLOCK:
            size, place = _read_varint(data, place)
        elif kind == _VARINT:
            _, end = _read_varint(data, place)
            size = end - place
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("no such wire type")
        if key >> 3 == 0 or place + size > last:
            raise ValueError("a field reaches beyond its message")
        yield key >> 3, kind, start, (place, place + size)
        place += size


def _read_varint(data: mmap.mmap, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("no such number")


# Writing messages.


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _block(tag: int, content: bytes) -> bytes:
    return _varint(tag << 3 | _BLOCK) + _varint(len(content)) + content


def _text(tag: int, content: str) -> bytes:
    return _block(tag, content.encode())
