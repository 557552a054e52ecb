"""Every setting with its default, bounds and help: the table behind the file and the flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..models import providers


def _option(
    default: Any,
    text: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    path: bool = False,
    name: bool = False,
) -> Any:
    """A dataclass field that carries its help text, its bounds or choices, and what a text is."""
    about = {"help": text, "low": low, "high": high, "choices": choices, "path": path}
    about["name"] = name
    return field(default=default, metadata=about)


KEEP_RULES = (
    *("unframed", "unstretched", "resolution", "lossless", "quality"),
    *("size", "exif", "oldest", "depth"),
)
COMPANION_KINDS = ("raw", "sidecar", "live", "takeout")
SIDECARS = ("xmp", "aae", "thm", "pp3", "dop", "arp", "cos", "nksc", "on1", "wav")
STRICTNESS = ("strict", "normal", "loose")
EXTRA_HASHES = ("ahash", "whash")


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How folders are walked and pictures read."""

    hidden: bool = _option(False, "index files and folders whose name begins with a dot")
    follow_symlinks: bool = _option(
        False, "walk into symbolic links to folders (each real folder once)"
    )
    one_file_system: bool = _option(False, "don't cross into other mounted file systems")
    ignore: tuple[str, ...] = _option((), "glob patterns of file or folder names to leave out")
    markers: bool = _option(
        True,
        "leave out folders that hold a .nomedia, and what the patterns in a .twinsiftignore name",
    )
    workers: int = _option(0, "decoding processes; 0: one a core", low=0, high=256)
    timeout_seconds: float = _option(
        60.0, "time one picture may take before it is given up", low=0.1, high=3600
    )
    worker_memory_mb: int = _option(
        768, "memory one decoding process may take, in MiB", low=128, high=65536
    )
    max_megapixels: float = _option(
        220.0, "largest picture that is decoded in full", low=0.01, high=10000
    )
    hashes: tuple[str, ...] = _option((), "further hashes to store", choices=EXTRA_HASHES)
    working_side: int = _option(
        512, "longest side, in pixels, at which keypoints and previews are made", low=128, high=2048
    )
    descriptors: bool = _option(
        True,
        "describe pictures by keypoints too: without them indexing takes a tenth of the time, and"
        " crops, frames and collages aren't found",
    )
    keypoints: int = _option(500, "keypoints kept for a picture", low=50, high=5000)
    model: str = _option(
        "",
        "network for the embedding: a name of `twinsift model list`, an ONNX file (with its suffix"
        " or as ./FILE), or none; empty: VGG16 if it is installed, else the network added last",
        path=True,
        name=True,
    )
    model_output: str = _option("", "name of the network's output; empty: its first")
    provider: str = _option(
        providers.AUTOMATIC,
        "where the network runs; auto: the fastest of those that are there",
        choices=providers.CHOICES,
    )

    @property
    def max_pixels(self) -> int:
        """`max_megapixels` in pixels."""
        return int(self.max_megapixels * 1_000_000)

    @property
    def max_bytes(self) -> int:
        """Most bytes of a file that are read into memory: beside them the picture needs room."""
        return self.worker_memory_mb << 19


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """What counts as a duplicate."""

    hamming: int = _option(
        10, "largest pHash Hamming distance (of 64 bits) that makes a candidate", low=0, high=16
    )
    cosine: float = _option(
        0.9, "smallest cosine similarity of embeddings that makes a candidate", low=0.0, high=1.0
    )
    neighbours: int = _option(
        24, "candidates a picture gets from shared visual words", low=0, high=500
    )
    strictness: str = _option(
        "normal",
        "how sure a copy must be: strict shows what is less than 90 % certain among the near shots;"
        " loose takes worn and heavily edited copies too, and some mistakes (`twinsift doctor` says"
        " how many to expect)",
        choices=STRICTNESS,
    )
    inliers: int = _option(
        0,
        "fewest keypoint matches that agree with one transform; 0: as strictness says",
        low=0,
        high=500,
    )
    agreement: float = _option(
        0.0,
        "smallest share of the aligned overlap whose structure agrees; 0: as strictness says",
        low=0.0,
        high=1.0,
    )


@dataclass(frozen=True, slots=True)
class SiftSsimSettings:
    """The preset `--method sift-ssim`: SIFT, else ORB, then SSIM, as the earlier tool did it."""

    scale: float = _option(0.5, "scale of the grey picture", low=0.01, high=1.0)
    good_fraction: float = _option(
        0.1, "good matches wanted, as a fraction of the descriptors", low=0.0, high=1.0
    )
    good_ratio: float = _option(
        0.75, "ratio test: best distance below this times the second best", low=0.1, high=1.0
    )
    ssim: float = _option(0.7, "SSIM above which a pair is a duplicate", low=-1.0, high=1.0)


@dataclass(frozen=True, slots=True)
class KeepSettings:
    """Which file of a group is suggested as the one to keep."""

    order: tuple[str, ...] = _option(
        KEEP_RULES,
        "rules in order; the first that tells two files apart decides",
        choices=KEEP_RULES,
    )


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Where files go."""

    trash: str = _option(
        "", "trash folder; empty: .twinsift-trash at the top of each indexed folder", path=True
    )
    move_to: str = _option("", "folder that `m` in review moves files to; empty: ask", path=True)
    companions: tuple[str, ...] = _option(
        COMPANION_KINDS,
        "files that go where their picture goes: RAW and JPEG of one shot, sidecars, the film of a"
        " live photo, the JSON of Google Takeout",
        choices=COMPANION_KINDS,
    )
    sidecars: tuple[str, ...] = _option(
        SIDECARS,
        "extensions of sidecars: those of a picture have its name, or its name before a dot",
    )


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """How the interface looks."""

    pictures: str = _option(
        "auto",
        "how pictures are drawn: in pixels by kitty's protocol, sixels or iTerm2's; as half blocks;"
        " as letters; not at all",
        choices=("auto", "kitty", "sixel", "iterm2", "halfblock", "ascii", "none"),
    )
    colours: str = _option(
        "auto", "colours the terminal shows", choices=("auto", "truecolor", "256", "16", "none")
    )
    theme: str = _option(
        "dark",
        "colours of the interface; contrast: black and white with few strong colours",
        choices=("dark", "light", "contrast"),
    )
    plain: bool = _option(
        False, "review in lines instead of screens: for screen readers and scripts"
    )
    low_bandwidth: bool = _option(
        False, "spare a slow line: smaller pictures in fewer colours, drawn later"
    )
    mouse: bool = _option(
        True, "take clicks and the wheel; without it the terminal selects text as ever"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, one section a field; the names are the TOML file's tables and keys."""

    index: IndexSettings = field(default_factory=IndexSettings)
    match: MatchSettings = field(default_factory=MatchSettings)
    sift_ssim: SiftSsimSettings = field(default_factory=SiftSsimSettings)
    keep: KeepSettings = field(default_factory=KeepSettings)
    files: FileSettings = field(default_factory=FileSettings)
    screen: ScreenSettings = field(default_factory=ScreenSettings)
    keys: Mapping[str, str] = field(default_factory=dict)
    """The table [keys]: keys of the interface by the ids of their actions, as they were written."""


SECTIONS = tuple(section.name for section in fields(Settings) if section.name != "keys")
