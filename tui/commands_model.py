"""The commands `model list`, `pull`, `add`, `remove` and `check`: the networks for embeddings."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from ..catalog.errors import CatalogError
from ..catalog.progress import Meter
from ..catalog.settings import Settings
from ..models.errors import ModelError
from ..models.manifest import MANIFEST
from ..models.registry import Installed, Registry
from ..models.text import printable
from . import plain, wording
from .progress_line import ProgressLine
from .status import Status
from .stopping import stoppable
from .targets import absolute

_MEGABYTE = 1_000_000


def model(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the commands of `twinsift model`."""
    registry = Registry()
    if arguments.action in ("list", "check"):
        command: Callable[[], int] = {
            "list": lambda: _list(registry, settings),
            "check": lambda: _check(registry),
        }[arguments.action]
        return command()
    if arguments.name_or_file is None:
        wanted = "a FILE" if arguments.action == "add" else "a NAME"
        raise CatalogError(
            f"`twinsift model {arguments.action}` needs {wanted}", "see `twinsift model list`"
        )
    match arguments.action:
        case "pull":
            _pull(registry, arguments.name_or_file)
        case "add":
            _add(registry, arguments)
        case _:
            registry.remove(arguments.name_or_file)
            plain.say(f"removed {arguments.name_or_file}")
    return Status.DONE


def _list(registry: Registry, settings: Settings) -> int:
    there = {one.name: one for one in registry.installed()}
    chosen = settings.index.model or getattr(registry.default(), "name", "")
    for one in there.values():
        used = "  in use" if one.name == chosen else ""
        plain.say(f"{one.name}: {_described(one)}{used}")
    for name, entry in MANIFEST.items():
        if name not in there:
            size = wording.size(entry.bytes)
            plain.say(f"{name}: not installed, {size}; {entry.about} (twinsift model pull {name})")
    if chosen and chosen not in there:
        plain.say(f"in use: {printable(chosen)}")
    return Status.DONE


def _described(one: Installed) -> str:
    licence = f", {printable(one.licence)}" if one.licence else ""
    return (
        f"{one.dimension:,} values from {printable(one.output)},"
        f" pictures of {one.width}x{one.height}, {wording.size(one.bytes)}{licence}"
    )


def _pull(registry: Registry, name: str) -> None:
    line = ProgressLine()
    meter = Meter(line, f"downloading {name} (MB)")

    with stoppable() as control:

        def tell(done: int, size: int) -> None:
            meter.total = size // _MEGABYTE
            meter.add(done // _MEGABYTE - meter.done)
            control.checkpoint()

        try:
            one = registry.pull(name, tell=tell)
        finally:
            line.end()
    plain.say(f"{one.name} is installed: {_described(one)}")


def _add(registry: Registry, arguments: argparse.Namespace) -> None:
    file = absolute(arguments.name_or_file)
    one = registry.add(
        file,
        name=arguments.name or "",
        output=arguments.output or "",
        kind=arguments.preprocessing or "",
        licence=arguments.licence or "",
    )
    plain.say(f"{one.name} is installed: {_described(one)}")
    if not arguments.preprocessing:
        kind = _preprocessing(registry, one)
        plain.say(f"preprocessing: {kind} (--preprocessing says otherwise)")


def _preprocessing(registry: Registry, one: Installed) -> str:
    from ..models import onnx_graph, preprocessing

    path = registry.path(one.name)
    found = preprocessing.of_metadata(onnx_graph.read(path).metadata)
    names = [name for name, kind in preprocessing.KINDS.items() if kind == found]
    return names[0] if names else "that of the file's metadata"


def _check(registry: Registry) -> int:
    status = Status.DONE
    installed = registry.installed()
    for one in installed:
        try:
            provider = registry.check(one)
        except ModelError as error:
            plain.say(f"{one.name}: {error}")
            status = Status.SOME_FAILED
        else:
            plain.say(f"{one.name}: whole, {_described(one)}, runs on {provider}")
    if not installed:
        plain.say(f"no network is installed in {printable(os.fspath(registry.folder))}")
    return status
