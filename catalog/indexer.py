"""An index run: scan the folders, read what is new in worker processes, embed, and sum up."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ..models import formats
from ..models.features import ExtractSpec
from ..models.text import printable
from . import network, store
from .database import Catalog
from .errors import Interrupted
from .progress import Control, Meter, Report, silent
from .reading import (
    Decoded,
    Job,
    Known,
    NotPicture,
    ReadContext,
    Reading,
    Refused,
    Unreadable,
    read_file,
)
from .roots import Scope, list_roots, scopes
from .scan import hide_excluded, retry_unreadable, scan
from .settings import IndexSettings, Settings
from .walk import WalkRules
from .workers import Lost, WorkerPool

_COMMIT_SECONDS = 1.0
_CATALOG_SUFFIXES = (b"", b"-wal", b"-shm", b".index.lock", b".apply.lock")
_REMEDIES = {
    "memory": "raise index.worker_memory_mb",
    "timeout": "raise index.timeout_seconds",
    "crash": "look for another copy of it",
    "error": "look for another copy of it",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that can't be used, with the reason and the remedy as one line."""

    path: bytes
    """Absolute."""
    reason: str


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What a run found and did, over the folders that it covered."""

    files: int
    """Regular files that are there, pictures or not."""
    pictures: int
    """Files whose picture is in the catalog."""
    decoded: int
    """Contents decoded in this run."""
    unchanged: int
    moved: int
    """Files that were moved or renamed and kept what was known of them, unopened."""
    vanished: int
    failed: int
    failures: tuple[Failure, ...]
    """Everything that can't be used now, whenever it was found out."""
    not_embedded: int
    """Contents that the network didn't get to see: changed, gone or out of reach since."""
    seconds: float
    missing_roots: tuple[bytes, ...]
    """Folders that aren't there (or are suddenly empty); what is known of them stays."""


def spec_of(settings: IndexSettings) -> ExtractSpec:
    """What the settings want to be extracted."""
    return ExtractSpec(
        working_side=settings.working_side,
        keypoints=settings.keypoints if settings.descriptors else 0,
        hashes=tuple(settings.hashes),
        max_megapixels=settings.max_megapixels,
    )


def index(
    catalog_path: Path,
    folders: Sequence[Path],
    settings: Settings,
    *,
    report: Report = silent,
    control: Control | None = None,
) -> IndexSummary:
    """Bring the catalog up to the folders (none: all that it knows); each step is stored at once.

    Killed at any moment, the next run goes on where this one was. Damaged, hostile and unreadable
    files become failures with a reason; none stops the run.

    Raises:
        CatalogError: a folder doesn't exist, or another indexer is at work on this catalog.
        ModelError: the network for the embedding can't be used.
        Interrupted: `control` asked for a stop.
    """
    started = time.monotonic()
    control = control or Control()
    wanted = settings.index
    with Catalog.open(catalog_path) as catalog, catalog.exclusive("index"):
        # What is written here can be computed again: no need to wait for the disk at each commit.
        catalog.connection.execute("PRAGMA synchronous = NORMAL")
        covered = scopes(catalog, folders)
        key = network.model_key(wanted)  # a wrong network is to be known before hours of decoding
        hide_excluded(catalog, [r.id for r in list_roots(catalog) if r.role == "excluded"])
        meter = Meter(report, "scan")
        found = scan(catalog, covered, _rules(catalog, settings), meter, control)
        meter.tell()
        there = [scope for scope in covered if scope.path not in found.missing]
        retry_unreadable(catalog, there)
        decoded = _read_all(catalog, there, wanted, report, control)
        not_embedded = _embed_all(catalog, there, wanted, key, report, control)
        counts = store.count(catalog, covered)
        failures = sorted(found.unreadable)
        if counts.failed:  # to ask which goes through all files once more
            failures = sorted([*failures, *store.failures(catalog, covered)])
    return IndexSummary(
        files=counts.files,
        pictures=counts.pictures,
        decoded=decoded,
        unchanged=found.unchanged,
        moved=found.moved,
        vanished=len(found.vanished),
        failed=len(failures),
        not_embedded=not_embedded,
        failures=tuple(Failure(path, reason) for path, reason in failures),
        seconds=time.monotonic() - started,
        missing_roots=tuple(found.missing),
    )


def _rules(catalog: Catalog, settings: Settings) -> WalkRules:
    roots = tuple(root.path for root in list_roots(catalog))
    own = os.path.realpath(os.fsencode(catalog.path))
    closed = {*roots, *(own + suffix for suffix in _CATALOG_SUFFIXES)}
    if settings.files.trash:
        closed.add(os.path.realpath(os.fsencode(Path(settings.files.trash).expanduser())))
    return WalkRules.of(settings.index, closed=frozenset(closed), roots=roots)


def _read_all(
    catalog: Catalog,
    covered: Sequence[Scope],
    settings: IndexSettings,
    report: Report,
    control: Control,
) -> int:
    """Read every file that needs it; how many contents were decoded."""
    spec = spec_of(settings)
    limits = f"{settings.max_megapixels:g}MP,{settings.timeout_seconds:g}s"
    attempt = f"{spec.key()};{limits},{settings.worker_memory_mb}MiB;{formats.decoders()}"
    context = ReadContext(
        catalog=catalog.path,
        spec=spec,
        attempt=attempt,
        largest=settings.max_bytes,
    )
    store.forget_passed_over(catalog, formats.decoders())
    total = store.count_jobs(catalog, covered, spec.key(), attempt)
    meter = Meter(report, "read", total)
    if total == 0:
        return 0
    with (
        WorkerPool[Job, Reading](
            read_file,
            (context,),
            workers=settings.workers,
            timeout=settings.timeout_seconds,
            memory_mb=settings.worker_memory_mb,
        ) as pool,
        _Results(catalog, spec.key(), attempt) as results,
    ):
        todo = store.jobs(catalog, covered, spec.key(), attempt)
        blamed: list[Job] = []
        for job, reading in pool.imap_unordered(todo):
            if isinstance(reading, Lost):
                # Its digest is still wanted: identical damaged files are identical all the same.
                reason = f"{reading.reason} ({_REMEDIES[reading.kind]})"
                blamed.append(Job(job.file_id, job.path, reason))
            else:
                results.add(job, reading)
                failed = isinstance(reading, Refused | Unreadable)
                meter.add(failed=int(failed), note=printable(os.path.basename(job.path)))
            control.checkpoint()
        for job, reading in pool.imap_unordered(blamed):
            results.add(job, Unreadable(job.blame) if isinstance(reading, Lost) else reading)
            meter.add(failed=1, note=printable(os.path.basename(job.path)))
            control.checkpoint()
        meter.tell()
    return results.decoded


def _embed_all(
    catalog: Catalog,
    covered: Sequence[Scope],
    settings: IndexSettings,
    key: str | None,
    report: Report,
    control: Control,
) -> int:
    """Embed what the set network, if any, hasn't seen; how many contents it could not."""
    if key is None:
        return 0
    from .embedding_pass import embed_all  # OpenCV, numpy and the runtime come with it

    return embed_all(catalog, covered, settings, key, report, control)


class _Results:
    """Readings on their way to the catalog, committed in small batches; a stop loses none."""

    def __init__(self, catalog: Catalog, key: str, attempt: str) -> None:
        self._catalog = catalog
        self._key = key
        self._attempt = attempt
        self._batch: list[tuple[Job, Reading]] = []
        self._committed = time.monotonic()
        self.decoded = 0

    def __enter__(self) -> _Results:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None or issubclass(kind, Interrupted | KeyboardInterrupt):
            self.flush()

    def add(self, job: Job, reading: Reading) -> None:
        """Take one reading; every second at the latest what was taken is stored."""
        self._batch.append((job, reading))
        if len(self._batch) >= store.BATCH or time.monotonic() - self._committed > _COMMIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store what was taken."""
        if self._batch:
            with self._catalog.transaction():
                for job, reading in self._batch:
                    self._store(job, reading)
            self._batch = []
        self._committed = time.monotonic()

    def _store(self, job: Job, reading: Reading) -> None:
        connection = self._catalog.connection
        match reading:
            case Decoded(identity, features):
                # A copy that was read at the same time may have been stored by now.
                content_id = store.content_with(connection, features.digest, self._key)
                if content_id is None:
                    content_id = store.put_features(connection, features, self._key)
                    self.decoded += 1
                store.link(connection, job.file_id, identity, content_id)
            case Refused(identity, digest, reason):
                # A copy that was decoded proves that it can be, whatever happened to this one.
                content_id = store.content_with(connection, digest, self._key)
                if content_id is None:
                    content_id = store.put_refused(
                        connection, digest, identity.size, reason, self._attempt
                    )
                store.link(connection, job.file_id, identity, content_id)
            case Known(identity, digest):
                content_id = store.content_with(connection, digest)
                if content_id is not None:
                    store.link(connection, job.file_id, identity, content_id)
            case NotPicture():
                store.put_file_error(connection, job.file_id, store.NOT_A_PICTURE)
            case Unreadable(reason):
                store.put_file_error(connection, job.file_id, reason)
