"""The command `doctor`: what is installed, what the terminal shows, and how the catalog is."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import locale
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..catalog import filesystem, library, settings_file, strictness
from ..catalog.database import Catalog
from ..catalog.options import all_options
from ..catalog.settings import Settings
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import arguments, plain, probe, tmux, wording
from .status import Status
from .targets import catalog_path


class State(StrEnum):
    """How a finding stands; the words stand alone, without colours."""

    FINE = "ok"
    NOTE = "--"
    WARNING = "!!"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: State
    text: str
    remedy: str = ""


Check = Iterator[Finding]

_PACKAGES = {
    "numpy": "numpy",
    "opencv-python-headless": "cv2",
    "pillow": "PIL.Image",
    "pillow-heif": "pillow_heif",
    "scikit-image": "skimage",
    "scipy": "scipy",
    "imagehash": "imagehash",
    "blake3": "blake3",
    "onnxruntime": "onnxruntime",
    "textual": "textual.app",
}
_EXTRAS = {"raw": ("rawpy", "camera RAW"), "jxl": ("pillow_jxl", "JPEG XL")}
# What these say is obeyed by the numeric libraries, and is a common cause of unexplained slowness.
_PINS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "MKL_NUM_THREADS")
_FEW_BYTES = 500_000_000


def run(parsed: argparse.Namespace) -> int:
    """Print every finding; the status is 1 where one needs attention."""
    if parsed.example_settings:
        plain.say(settings_file.example().rstrip("\n"))
        return Status.DONE
    try:
        settings, problem = arguments.settings_of(parsed), None
    except TwinsiftError as error:
        settings, problem = Settings(), error
    checks: dict[str, Callable[[], Check]] = {
        "installation": check_installation,
        "picture formats": check_formats,
        "settings": lambda: check_settings(parsed, settings, problem),
        "catalog": lambda: check_catalog(catalog_path(parsed)),
        "strictness of matching": lambda: check_strictness(catalog_path(parsed), settings),
        "network for the embedding": lambda: check_model(settings),
        "terminal": lambda: check_terminal(settings, os.environ),
    }
    warnings = 0
    for title, check in checks.items():
        plain.say(title)
        for finding in check():
            warnings += finding.state is State.WARNING
            remedy = f" ({finding.remedy})" if finding.remedy else ""
            plain.tell(f"  {finding.state}  {finding.text}{remedy}", indent=6)
    plain.say(f"{wording.count(warnings, 'thing')} to look at" if warnings else "all is well")
    return Status.SOME_FAILED if warnings else Status.DONE


def check_installation() -> Check:
    """Versions, and whether each library can be loaded."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    cores = wording.count(os.cpu_count() or 1, "core")
    yield Finding(State.FINE, f"twinsift {version('twinsift')}, {system}, {cores}")
    yield Finding(
        State.FINE, f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    for package, module in _PACKAGES.items():
        try:
            installed = version(package)
            importlib.import_module(module)
        except PackageNotFoundError:
            yield Finding(State.WARNING, f"{package} is missing", "install twinsift again")
        except (ImportError, OSError) as error:
            reason = printable(str(error))
            yield Finding(State.WARNING, f"{package} can't be loaded: {reason}", "install it again")
        else:
            yield Finding(State.FINE, f"{package} {installed}")
    for name in _PINS:
        if name in os.environ:
            yield Finding(State.NOTE, f"{name}={printable(os.environ[name])} steers the speed")


def check_formats() -> Check:
    """The formats beyond those that every build of Pillow reads."""
    from PIL import features

    for feature, name in (("jpg", "JPEG"), ("webp", "WebP"), ("avif", "AVIF"), ("libtiff", "TIFF")):
        if features.check(feature):
            yield Finding(State.FINE, name)
        else:
            yield Finding(State.WARNING, f"{name} is missing in this Pillow", "install its wheel")
    for extra, (module, name) in _EXTRAS.items():
        try:
            importlib.import_module(module)
        except (ImportError, OSError):
            yield Finding(
                State.NOTE, f"{name} is not read", f"install twinsift with the extra '{extra}'"
            )
        else:
            yield Finding(State.FINE, name)


def check_settings(
    parsed: argparse.Namespace, settings: Settings, problem: TwinsiftError | None
) -> Check:
    """The settings file in use, and what isn't at its default."""
    if problem is not None:
        yield Finding(State.WARNING, str(problem))
        return
    place = parsed.settings or settings_file.default_path()
    shown = printable(str(place))
    yield Finding(State.FINE, shown if place.exists() else f"no file; it would be {shown}")
    for option in all_options():
        value = getattr(getattr(settings, option.section), option.key)
        if value != option.default:
            text = f"{option.section}.{option.key} = {settings_file.toml(value)}"
            yield Finding(State.NOTE, printable(text))
    yield from _check_keys(settings, f"{shown}: [keys]")


def _check_keys(settings: Settings, where: str) -> Check:
    """Own keys: what is wrong with each, or else what they are."""
    from .own_keys import faults

    wrong = faults(settings.keys, where)
    for fault in wrong:
        yield Finding(State.WARNING, fault.message, fault.remedy)
    for row, keys in settings.keys.items() if not wrong else ():
        yield Finding(State.NOTE, printable(f"keys.{row} = {settings_file.toml(keys)}"))


def check_catalog(path: Path) -> Check:
    """The catalog's file, the disk it is on, and the folders it knows."""
    shown = printable(os.fsencode(path))
    place = filesystem.of(path)
    if place.is_network:
        yield Finding(
            State.WARNING,
            f"{shown} is on a network file system ({place.kind}), which can damage it",
            "keep it on a local disk: --catalog FILE",
        )
    folder = next(parent for parent in path.parents if parent.exists())
    if shutil.disk_usage(folder).free < _FEW_BYTES:
        yield Finding(State.WARNING, f"the disk of {shown} is nearly full")
    if not path.exists():
        yield Finding(State.NOTE, f"none yet; it would be {shown}")
        return
    try:
        with Catalog.open(path, create=False) as catalog:
            yield from _check_contents(catalog, shown)
    except TwinsiftError as error:
        yield Finding(State.WARNING, str(error))


def check_strictness(path: Path, settings: Settings) -> Check:
    """What each strictness means for a catalog of this size."""
    pictures = 0
    if path.exists():
        with contextlib.suppress(TwinsiftError), Catalog.open(path, create=False) as catalog:
            pictures = sum(folder.pictures for folder in library.list_folders(catalog))
    for name, level in strictness.LEVELS.items():
        used = ", in use" if name == settings.match.strictness else ""
        expected = wording.expected_false(name, pictures) if pictures else "no pictures yet"
        yield Finding(State.NOTE, f"{name}{used}: {level.words}; {expected}")


def _check_contents(catalog: Catalog, shown: str) -> Check:
    used = wording.size(catalog.path.stat().st_size)
    broken = catalog.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if broken != "ok":
        yield Finding(State.WARNING, f"{shown} is damaged: {broken}", "restore it from a backup")
        return
    yield Finding(State.FINE, f"{shown}, {used}")
    cut_off = catalog.connection.execute(
        "SELECT count(*) FROM action WHERE state = 'intent'"
    ).fetchone()[0]
    if cut_off:
        text = f"{wording.count(cut_off, 'file action')} was cut off or is running"
        yield Finding(State.WARNING, text, "`twinsift plan` settles it")
    for found in library.list_folders(catalog):
        name = printable(found.path)
        if not os.path.isdir(found.path):
            yield Finding(State.WARNING, f"{name} is not there", "mount its disk")
            continue
        counts = [wording.count(found.pictures, "picture")]
        counts += [f"{found.failed:,} can't be read"] if found.failed else []
        counts += [f"{found.pending:,} not read yet"] if found.pending else []
        yield Finding(State.FINE, f"{name}: {found.role}, {', '.join(counts)}")


def check_model(settings: Settings) -> Check:
    """Whether the network that is used can be loaded, and where it runs."""
    from ..catalog import embedding_pass
    from ..models import providers
    from ..models.registry import Registry

    try:
        embedder = embedding_pass.load(settings.index)
        path = Registry().resolve(settings.index.model)
    except TwinsiftError as error:
        yield Finding(State.WARNING, str(error))
        return
    if embedder is None or path is None:
        yield Finding(
            State.NOTE,
            "none is used; pictures are compared without",
            "`twinsift model pull vgg16`, or `twinsift model add FILE`",
        )
    else:
        yield Finding(
            State.FINE,
            f"{printable(os.fspath(path))}, {embedder.output}, runs on {embedder.provider}",
        )
    yield Finding(State.FINE, f"ONNX Runtime can run on {', '.join(providers.available())}")


def check_terminal(settings: Settings, environ: Mapping[str, str]) -> Check:
    """What the interface will be drawn with; the terminal is asked as the interface asks it."""
    from .terminal import PIXELS, detect

    with probe.asking(environ) as question:
        answers = question.answers()
    outside = tmux.ask(environ)
    terminal = detect(environ, settings.screen, answers, outside)
    name = printable(environ.get("TERM", "")) or "unknown"
    inside = f" inside {terminal.multiplexer}" if terminal.multiplexer else ""
    if outside is not None and outside.terminal:
        inside += f" {printable(outside.version)} in {printable(outside.terminal)}"
    yield Finding(State.FINE, f"TERM={name}{inside}")
    silence = probe.silence(environ)
    if silence:
        yield Finding(State.NOTE, f"it was not asked what it can: {printable(silence)}")
    elif not answers.complete:
        text = "it answered nothing within a second, or not to the end"
        yield Finding(State.NOTE, text, "say what it can: --pictures, --colours")
    else:
        yield Finding(State.FINE, f"it answered: {printable(answers.name) or 'no name'}")
    yield Finding(State.FINE, f"colours: {terminal.colours}")
    drawn = f"pictures: {terminal.drawing}, {printable(terminal.why)}"
    yield Finding(State.NOTE if terminal.advice else State.FINE, drawn, terminal.advice)
    if terminal.drawing in PIXELS:
        told = "" if answers.cell else " (not told, but taken for granted)"
        yield Finding(State.FINE, f"a cell has {terminal.cell[0]}x{terminal.cell[1]} pixels{told}")
    if terminal.low_bandwidth:
        yield Finding(State.NOTE, "pictures are small, to spare the line (screen.low_bandwidth)")
    if terminal.multiplexer == "tmux" and terminal.colours == "256":
        remedy = "export COLORTERM=truecolor if your terminal shows them"
        yield Finding(State.NOTE, "tmux is taken for 256 colours", remedy)
    encoding = locale.getencoding()
    if encoding.lower().replace("-", "") != "utf8" and not sys.flags.utf8_mode:
        yield Finding(State.WARNING, f"the locale's encoding is {encoding}", "use a UTF-8 locale")
    if not plain.is_terminal():
        yield Finding(State.NOTE, "this is no terminal now; the interface needs one")
        return
    columns, rows = shutil.get_terminal_size()
    state = State.FINE if columns >= 50 and rows >= 16 else State.WARNING
    remedy = "" if state is State.FINE else "50x16 is the least, 80x24 is comfortable"
    yield Finding(state, f"{columns}x{rows} characters", remedy)
