"""The catalog file: opening, refusing what isn't one, migrations, transactions, locks."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType

import platformdirs

from ..models.process_lock import process_lock
from ..models.text import printable
from .errors import CatalogError
from .migrations import APPLICATION_ID, VERSION, migrate


def default_path() -> Path:
    """The catalog's place in the platform's data folder."""
    return Path(platformdirs.user_data_dir("twinsift", appauthor=False)) / "catalog.sqlite"


class Catalog:
    """One connection to a catalog; each thread opens its own.

    Readers and one writer work at the same time (WAL). Write only inside `transaction()`, and never
    decode, infer or touch a user's file inside one.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Catalog:
        """Open the catalog at `path`, making an empty one where there is none and `create` is set.

        One on a disk that can only be read can be read; what writes to it fails.

        Raises:
            CatalogError: the file is no catalog, is damaged, is newer than this program, or there
                is no file and `create` is not set. The file is left as it was.
        """
        path = Path(path)
        name = printable(str(path))
        existed = path.exists() and path.stat().st_size > 0
        if not existed and not create:
            raise CatalogError(
                f"there is no catalog at {name}", "run `twinsift index FOLDER` first"
            )
        if not existed:
            _make(path)
        try:
            read_only = existed and _is_read_only(path)
            # Each thread has its own connection, but the one that started the threads closes them.
            connection = sqlite3.connect(
                # Without a log beside it: there is no place to make one.
                f"{path.absolute().as_uri()}?immutable=1" if read_only else path,
                timeout=30.0,
                isolation_level=None,
                check_same_thread=False,
                uri=read_only,
            )
            try:
                _check(path, connection, existed)
                if not read_only:
                    _close_to_others(path)
                    _configure(connection)
                migrate(path, connection)
            except BaseException:
                connection.close()
                raise
        except OSError as error:
            raise CatalogError(
                f"{name} is of an older version, and the copy that is made before it is changed"
                f" can't be written: {error.strerror}",
                "make room beside it",
            ) from error
        except sqlite3.DatabaseError as error:
            remedy = "restore it from a backup, or choose another place with --catalog FILE"
            raise CatalogError(f"{name} can't be opened as a catalog: {error}", remedy) from error
        return cls(path, connection)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what the block writes, or nothing of it where the block raises."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:  # SQLite ends some itself, on a full disk say
                self.connection.execute("ROLLBACK")
            raise

    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        return self.connection.execute("PRAGMA data_version").fetchone()[0]

    @contextmanager
    def exclusive(self, work: str) -> Iterator[None]:
        """Hold the lock that allows one indexer or file batch at a time; it dies with its process.

        Raises:
            CatalogError: another process holds it, or it can't be made there.
        """
        # The real path: a link to the catalog must not lead to another lock.
        with ExitStack() as stack:
            try:
                place = f"{os.path.realpath(self.path)}.{work}.lock"
                held = stack.enter_context(process_lock(place))
            except OSError as error:
                raise CatalogError(
                    f"the catalog {printable(str(self.path))} can't be locked for `{work}`:"
                    f" {(error.strerror or str(error)).lower()}",
                    "copy it to a place that can be written, and name that with --catalog FILE",
                ) from error
            if not held:
                raise CatalogError(
                    f"another twinsift is busy with `{work}` on {printable(str(self.path))}",
                    "wait for it or stop it",
                )
            yield


def _make(path: Path) -> None:
    """Make an empty file that nobody else can read, and the folders that are missing.

    It will hold paths and previews of private pictures, and SQLite gives the files beside it (the
    write-ahead log is one) the mode that it has when they are made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, 0o600)  # an empty one may have been there
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CatalogError(
            f"the catalog {printable(str(path))} can't be made: {error.strerror}",
            "choose another place with --catalog FILE",
        ) from error


def _is_read_only(path: Path) -> bool:
    """Whether a catalog is on a disk that can only be read.

    Raises:
        CatalogError: it is, and was never closed, so that a part of it is in the log beside it.
    """
    if not hasattr(os, "statvfs") or not os.statvfs(path).f_flag & os.ST_RDONLY:
        return False
    log = Path(f"{os.path.realpath(path)}-wal")
    if log.exists() and log.stat().st_size:
        raise CatalogError(
            f"{printable(str(path))} was not closed, and is on a disk that can only be read",
            "copy it, with the files beside it that begin with its name, to another disk",
        )
    return True


def _close_to_others(path: Path) -> None:
    """Take the rights to a catalog, and to the files that SQLite keeps beside it, from all others.

    One that was copied or made by other means may have them; where they aren't ours to take, it is
    opened all the same.
    """
    if os.name != "posix":
        return
    for suffix in ("", "-wal", "-shm"):
        place = f"{os.path.realpath(path)}{suffix}"
        with suppress(OSError):
            if os.stat(place).st_mode & 0o077:
                os.chmod(place, 0o600)


def _check(path: Path, connection: sqlite3.Connection, existed: bool) -> None:
    if not existed:
        return
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION_ID and tables:
        raise CatalogError(
            f"{printable(str(path))} is a database of another program",
            "choose another place with --catalog FILE",
        )
    if version > VERSION:
        raise CatalogError(
            f"{printable(str(path))} was made by a newer twinsift"
            f" (version {version}, not {VERSION})",
            "update twinsift",
        )


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "PRAGMA synchronous = FULL"
    )  # a journal row must be on disk before a file moves
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
