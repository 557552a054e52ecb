"""Whatever is done to the files between two runs, the catalog then says what is on the disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twinsift.catalog.database import Catalog
from twinsift.catalog.identity import Identity
from twinsift.catalog.progress import Control, Meter, silent
from twinsift.catalog.roots import add_root, scopes
from twinsift.catalog.scan import scan
from twinsift.catalog.settings import IndexSettings
from twinsift.catalog.store import jobs, link, put_refused
from twinsift.catalog.walk import WalkRules
from twinsift.models import digests

NAMES = st.sampled_from(["a", "b", "a.b", "d/a", "d/b", "d-x/a", "d/e/a", "é"])
CONTENTS = st.sampled_from([b"one", b"two", b"three", b"four"])


class Disk(RuleBasedStateMachine):
    """Files come, go, change and change places; runs happen in between."""

    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory()
        base = Path(self._temporary.name)
        self.root = base / "root"
        self.root.mkdir()
        (self.root / "stays").write_bytes(b"so that the folder is never empty")
        self.catalog = Catalog.open(base / "catalog.sqlite")
        add_root(self.catalog, self.root)
        self.clock = 10**18
        self.opened: list[bytes] = []
        self.clean = False

    def teardown(self) -> None:
        self.catalog.close()
        self._temporary.cleanup()

    @rule(name=NAMES, content=CONTENTS)
    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            path.write_bytes(content)
            self.clock += 1  # a clock that never stands still, as a real one hardly does
            os.utime(path, ns=(self.clock, self.clock))
            self.clean = False

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        source, target = self.root / old, self.root / new
        if source.is_file() and not target.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            self.clean = False

    @rule(new=st.sampled_from(["d", "d2", "d-x"]))
    def rename_folder(self, new: str) -> None:
        source, target = self.root / "d", self.root / new
        if source.is_dir() and not target.exists():
            source.rename(target)
            self.clean = False

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        if (self.root / name).is_file():
            (self.root / name).unlink()
            self.clean = False

    @rule(old=NAMES, new=NAMES)
    def hard_link(self, old: str, new: str) -> None:
        source, target = self.root / old, self.root / new
        if source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, target)
            self.clean = False

    @rule()
    def run(self) -> None:
        covered = scopes(self.catalog, [])
        rules = WalkRules.of(IndexSettings(), closed=frozenset(), roots=(os.fsencode(self.root),))
        scan(self.catalog, covered, rules, Meter(silent, "scan"), Control())
        self.opened = []
        for job in list(jobs(self.catalog, covered, "key", "key")):
            data = Path(os.fsdecode(job.path)).read_bytes()
            self.opened.append(job.path)
            with self.catalog.transaction() as connection:
                content = put_refused(connection, digests.of_bytes(data), len(data), "x", "key")
                link(connection, job.file_id, Identity.of(os.stat(job.path)), content)
        self.clean = True

    @precondition(lambda self: self.clean)
    @rule()
    def run_again(self) -> None:
        self.run()
        assert self.opened == []

    @invariant()
    def the_catalog_says_what_is_on_the_disk(self) -> None:
        if not self.clean:
            return
        rows = self.catalog.connection.execute(
            "SELECT f.path, c.digest FROM file f JOIN content c ON c.id = f.content_id"
            " WHERE f.present = 1"
        )
        known = {os.fsdecode(path): digest for path, digest in rows}
        there = {
            str(path.relative_to(self.root)): digests.of_file(path)
            for path in self.root.rglob("*")
            if path.is_file()
        }
        assert known == there


TestDisk = Disk.TestCase
TestDisk.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
