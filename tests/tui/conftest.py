"""A catalog made by INSERTs, with pictures made by code: what the screens are shown on."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blake3 import blake3
from PIL import Image, ImageDraw, ImageFilter
from textual.worker import WorkerCancelled
from twinsift.catalog.database import Catalog
from twinsift.catalog.settings import IndexSettings, ScreenSettings, Settings
from twinsift.models.evidence import Evidence, Verdict
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.hints import HINTS, Hints

HOME = b"/home/ana"
PHOTOS = HOME + b"/Photos"
BASE_TIME = 1_559_390_400  # 2019-06-01 12:00 UTC
SETTINGS = Settings(
    index=IndexSettings(workers=1),  # each takes a second to start
    screen=ScreenSettings(colours="truecolor", pictures="halfblock"),
)


def scene(seed: int, width: int = 400, height: int = 300) -> Image.Image:
    """A landscape of its own for each seed: sky, hills, sun and a house."""
    rng = np.random.default_rng(seed)
    top, bottom = rng.integers(60, 200, 3), rng.integers(120, 255, 3)
    ramp = np.linspace(0.0, 1.0, height)[:, None, None]
    sky = (top * (1 - ramp) + bottom * ramp).repeat(width, axis=1)
    picture = Image.fromarray(sky.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    sun = int(rng.integers(width // 6, width * 5 // 6))
    pen.ellipse((sun - 30, 30, sun + 30, 90), fill=(255, 240, 190))
    for hill in range(3):
        base = height * (50 + 14 * hill) // 100
        steps = rng.integers(-height // 8, height // 12, 9).cumsum() // 2
        points = [(i * width // 8, int(base + steps[i])) for i in range(9)]
        shade = rng.integers(20, 130, 3) // (hill + 1) + 20
        pen.polygon([*points, (width, height), (0, height)], fill=tuple(int(c) for c in shade))
    left = int(rng.integers(width // 8, width * 3 // 4))
    wall = height * 62 // 100
    pen.rectangle((left, wall, left + 60, wall + 50), fill=(224, 214, 196))
    pen.polygon(((left - 8, wall), (left + 30, wall - 34), (left + 68, wall)), fill=(158, 62, 48))
    pen.rectangle((left + 22, wall + 18, left + 40, wall + 50), fill=(80, 58, 40))
    return picture.filter(ImageFilter.GaussianBlur(0.6))


@dataclass
class Picture:
    """One file of a group, as it is put into the catalog."""

    path: bytes
    width: int = 4000
    height: int = 3000
    size: int = 3_400_000
    format: str = "JPEG"
    quality: int | None = 92
    lossless: int = 0
    captured_at: str | None = "2019-06-01 12:00:00"
    camera: str | None = "Canon EOS 80D"
    exif_count: int = 42
    mtime: int = BASE_TIME
    image: Image.Image | None = None
    content: str = ""
    """Files with the same text here are identical."""
    verdict: Verdict = Verdict.RESIZED
    similarity: float = 0.97
    evidence: Evidence = field(default_factory=Evidence)
    root: bytes = PHOTOS
    data: bytes | None = None
    """Where given, the file is really written, and the catalog tells the truth about it."""

    def digest(self) -> bytes:
        if self.data is not None:
            return blake3(self.data).digest()
        return hashlib.blake2b(self.content.encode() or self.path, digest_size=32).digest()


class Library:
    """Fills a catalog with groups."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.catalog = Catalog.open(path)
        self._inode = 1000 + self.fact("SELECT count(*) FROM file")

    def root(self, path: bytes = PHOTOS, role: str = "normal") -> int:
        with self.catalog.transaction() as connection:
            connection.execute(
                "INSERT INTO root (path, role, added_at, scanned_at) VALUES (?, ?, 0, ?)"
                " ON CONFLICT DO NOTHING",
                (path, role, BASE_TIME),
            )
        row = self.catalog.connection.execute("SELECT id FROM root WHERE path = ?", (path,))
        return row.fetchone()[0]

    def content(self, picture: Picture) -> int:
        digest = picture.digest()
        with self.catalog.transaction() as connection:
            found = connection.execute("SELECT id FROM content WHERE digest = ?", (digest,))
            if row := found.fetchone():
                return row[0]
            content_id = connection.execute(
                "INSERT INTO content (digest, size, format, width, height, captured_at, camera,"
                " exif_count, lossless, quality) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " RETURNING id",
                (
                    digest, picture.size, picture.format, picture.width, picture.height,
                    picture.captured_at, picture.camera, picture.exif_count, picture.lossless,
                    picture.quality,
                ),
            ).fetchone()[0]  # fmt: skip
            if picture.image is not None:
                stored = io.BytesIO()
                picture.image.save(stored, "PNG")  # exact, whichever JPEG library is installed
                connection.execute(
                    "INSERT INTO preview (content_id, jpeg) VALUES (?, ?)",
                    (content_id, stored.getvalue()),
                )
        return content_id

    def file(self, picture: Picture) -> tuple[int, int]:
        device, inode, mtime_ns = 1, self._inode, picture.mtime * 10**9
        self._inode += 1
        if picture.data is not None:
            path = os.path.join(picture.root, picture.path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(os.fsdecode(path)).write_bytes(picture.data)
            found = os.stat(path)
            device, inode, mtime_ns = found.st_dev, found.st_ino, found.st_mtime_ns
            picture.size = found.st_size
        root_id, content_id = self.root(picture.root), self.content(picture)
        with self.catalog.transaction() as connection:
            file_id = connection.execute(
                "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, content_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (root_id, picture.path, picture.size, mtime_ns, device, inode, content_id),
            ).fetchone()[0]
        return file_id, content_id

    def group(self, pictures: Sequence[Picture], kind: str = "duplicate") -> str:
        """A group whose representative is the first picture."""
        added = [(picture, self.file(picture)[1]) for picture in pictures]
        representative = added[0][1]
        weakest = min((p for p, _ in added[1:]), key=lambda p: p.similarity)
        with self.catalog.transaction() as connection:
            digest = connection.execute(
                "SELECT digest FROM content WHERE id = ?", (representative,)
            ).fetchone()[0]
            group_id = digest.hex()[:16]
            connection.execute(
                "INSERT INTO duplicate_group (id, kind, verdict, similarity, representative_id)"
                " VALUES (?, ?, ?, ?, ?)",
                (group_id, kind, weakest.verdict, weakest.similarity, representative),
            )
            for picture, content_id in added:
                connection.execute(
                    "INSERT OR IGNORE INTO group_member (method, kind, group_id, content_id)"
                    " VALUES ('evidence', ?, ?, ?)",
                    (kind, group_id, content_id),
                )
                if content_id != representative:
                    connection.execute(
                        "INSERT OR IGNORE INTO pair (a_id, b_id, verdict, similarity, evidence)"
                        " VALUES (?, ?, ?, ?, ?)",
                        (
                            min(content_id, representative),
                            max(content_id, representative),
                            picture.verdict,
                            picture.similarity,
                            picture.evidence.to_json(),
                        ),
                    )
        return group_id

    def decisions(self) -> dict[bytes, str]:
        """What is decided, by the file's path below its root."""
        rows = self.catalog.connection.execute(
            "SELECT f.path, d.verb FROM decision d JOIN file f ON f.id = d.file_id"
        )
        return dict(rows.fetchall())

    def fact(self, sql: str) -> Any:
        return self.catalog.connection.execute(sql).fetchone()[0]


def fill(library: Library) -> list[str]:
    """Five groups of different kinds, and a near shot; ids in the order of bytes freed."""
    house = scene(1)
    crop = house.crop((40, 30, 330, 250))
    mirrored = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    cropped = library.group(
        [
            Picture(b"2019/Rome/IMG_2041.JPG", image=house, size=6_812_331),
            Picture(
                b"backup/from phone/IMG_2041 (1).jpg", 2048, 1536, 840_112, quality=71,
                exif_count=0, captured_at=None, camera=None, mtime=BASE_TIME + 86400 * 400,
                image=mirrored, verdict=Verdict.CROPPED, similarity=0.93,
                evidence=Evidence(
                    hamming=14, matches=210, inliers=143, mirrored=True, cover_a=0.52,
                    cover_b=1.0, ssim=0.93, method="keypoints",
                ),
            ),
        ]
    )  # fmt: skip
    many = library.group(
        [
            Picture(
                b"2020/garden/DSC01234.png", 6000, 4000, 31_000_000, "PNG", None, 1, image=scene(2)
            ),
            *(
                Picture(
                    b"export/web/garden-%d.jpg" % n, 1600 // n, 1066 // n, 400_000 // n, quality=80,
                    image=scene(2).resize((400 // n, 300 // n)), verdict=Verdict.RESIZED,
                    similarity=0.99 - n / 100, exif_count=3,
                    evidence=Evidence(hamming=2, inliers=200 - n, ssim=0.97, method="keypoints"),
                )
                for n in range(1, 5)
            ),
        ]
    )  # fmt: skip
    same = library.group(
        [
            Picture(b"2018/sea.jpg", content="sea", size=2_100_000, image=scene(3)),
            Picture(b"old disk/sea.jpg", content="sea", size=2_100_000, similarity=1.0,
                    verdict=Verdict.IDENTICAL_FILE),
        ]
    )  # fmt: skip
    toned = library.group(
        [
            Picture(b"2021/hut.jpg", image=scene(4), size=1_900_000, quality=95),
            Picture(
                b"2021/hut_edited.jpg", size=1_850_000, quality=95, verdict=Verdict.EDITED,
                image=scene(4).point([min(255, int(v * 1.25)) for v in range(256)] * 3),
                similarity=0.95,
                evidence=Evidence(hamming=4, inliers=188, ssim=0.88, method="keypoints"),
            ),
        ]
    )  # fmt: skip
    library.group(
        [
            Picture(b"2022/jump 1.jpg", image=scene(5), size=5_000_000),
            Picture(b"2022/jump 2.jpg", image=scene(6), size=5_100_000, similarity=0.71,
                    verdict=Verdict.NEAR_SHOT,
                    evidence=Evidence(hamming=18, inliers=41, ssim=0.42, method="keypoints")),
        ],
        "near",
    )  # fmt: skip
    return [same, toned, many, cropped]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setenv("HOME", HOME.decode())
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    hints = Hints()
    for name in HINTS:
        hints.follow(name)
    for name in ("NO_COLOR", "TMUX", "STY", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    made = Library(tmp_path / "catalog.sqlite")
    yield made
    made.catalog.close()


def put_in(library: Library, made: Path) -> Library:
    """Put all of another catalog, which was made once for many tests, into an empty one."""
    with contextlib.closing(sqlite3.connect(made)) as source:
        source.backup(library.catalog.connection)
    return library


@pytest.fixture(scope="session")
def five_groups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog of `fill`."""
    library = Library(tmp_path_factory.mktemp("filled") / "catalog.sqlite")
    fill(library)
    library.catalog.close()
    return library.path


@pytest.fixture
def filled(library: Library, five_groups: Path) -> Library:
    return put_in(library, five_groups)


MakeApp = Callable[..., TwinsiftApp]


@pytest.fixture
def make_app(library: Library) -> MakeApp:
    def make(settings: Settings = SETTINGS, **more: Any) -> TwinsiftApp:
        return TwinsiftApp(library.path, settings, **more)

    return make


async def settled(pilot: Any) -> None:
    """Wait until the groups are loaded and the pictures drawn."""
    for _ in range(20):
        try:
            await pilot.app.workers.wait_for_complete()
            break
        except WorkerCancelled:  # its dialog has closed already; look at the others
            await pilot.pause(0.05)
    await pilot.pause()
    for _ in range(200):
        screen = pilot.app.screen
        panes = [pane for pane in screen.query("FilePane") if pane.display]
        if all(pane.wanted() is None or pane.drawn is not None for pane in panes):
            break
        await pilot.pause(0.02)
    await pilot.pause()
