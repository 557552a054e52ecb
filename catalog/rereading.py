"""Contents read once more from their files: in workers, since files are hostile and change."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from . import store
from .database import Catalog
from .reading import read_content
from .settings import IndexSettings
from .workers import Lost, WorkerPool

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Job:
    """One content to read."""

    content_id: int
    digest: bytes
    paths: tuple[bytes, ...]
    """Files that had it when they were indexed, absolute."""


def reread(
    catalog: Catalog,
    content_ids: Sequence[int],
    compute: Callable[[bytes], Found],
    settings: IndexSettings,
) -> Generator[tuple[int, Found | None], None, None]:
    """Each content's id and what `compute` makes of its bytes, in workers: it must be picklable.

    None where no file has that content any more, or it can't be decoded now: what is there instead
    is never taken for it. They come as they are ready; as many as there are workers are read ahead.
    """
    with WorkerPool[Job, Found | None](
        compute_from_file,
        (compute, settings.max_bytes),
        workers=settings.workers,
        timeout=settings.timeout_seconds,
        memory_mb=settings.worker_memory_mb,
    ) as pool:
        places = store.places(catalog, content_ids)
        jobs = (Job(content_id, digest, paths) for content_id, digest, paths in places)
        for job, found in pool.imap_unordered(jobs):
            yield job.content_id, None if isinstance(found, Lost) else found


def compute_from_file(job: Job, compute: Callable[[bytes], Found], largest: int) -> Found | None:
    """What `compute` makes of the content, from the first file that still has it; in a worker.

    Raises:
        Exception: whatever `compute` raises.
    """
    for path in job.paths:
        data = read_content(path, job.digest, largest)
        if data is not None:
            return compute(data)
    return None
