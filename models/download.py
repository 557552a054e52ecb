"""Downloads of large files: resumed, tried again, from several addresses, checked before use.

HTTP itself is the `requests` library's (pooch, the obvious choice, does not resume). Here is
what a file of half a gigabyte needs on top.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from .errors import TwinsiftError
from .text import printable

Tell = Callable[[int, int], None]
"""Told of the bytes that are there and the bytes wanted; what it raises stops the download."""

_CHUNK = 1 << 14  # what is lost when the connection is cut off
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_TRIES = 5
_LONGEST_PAUSE = 8.0
# Asking these addresses again is of no use; the others may answer better a little later.
_FOR_GOOD = frozenset({400, 401, 403, 404, 405, 410, 414, 451, 501})


class DownloadError(TwinsiftError):
    """A file can't be had: no address answers, none has the right file, or there is no room."""


class _Later(Exception):  # noqa: N818 - no error yet
    """This try came to nothing; the same address may do better."""


class _Never(Exception):  # noqa: N818 - no error yet
    """This address hasn't got the file."""


def fetch(
    addresses: Sequence[str],
    target: Path,
    *,
    size: int,
    sha256: str,
    tell: Tell = lambda done, size: None,
    pause: float = 1.0,
) -> None:
    """Download a file of known size and digest to `target`, which appears only when it is right.

    What arrives is kept beside it as NAME.SHA.part, and the next call goes on from there, whichever
    address it came from. Each address gets five tries without a byte arriving; `pause` is the wait
    after the first, in seconds, doubled after each.

    Raises:
        DownloadError: one line saying what happened at which address.
    """
    part = target.with_name(f"{target.name}.{sha256[:8]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_room(part, size)
        _fetch(addresses, part, size, sha256, tell, pause)
        os.replace(part, target)
    except OSError as error:
        raise _disk_error(error, target) from error


def _fetch(
    addresses: Sequence[str], part: Path, size: int, sha256: str, tell: Tell, pause: float
) -> None:
    import requests

    reasons: dict[str, str] = {}
    left = list(addresses)
    tries = 0
    with requests.Session() as session:
        session.headers["Accept-Encoding"] = "identity"  # a range counts the bytes as they come
        while left and tries < _TRIES:
            for address in list(left):
                had = _size_of(part)
                try:
                    _transfer(session, address, part, size, tell)
                    if _digest(part) == sha256:
                        return
                    part.unlink()
                    # What an earlier run or another address left may have been the wrong part.
                    why = "holds another file (wrong sha256)"
                    raise _Later(why) if had else _Never(why)
                except _Never as why:
                    left.remove(address)
                    reasons[address] = str(why)
                except _Later as why:
                    reasons[address] = str(why)
                if _size_of(part) > had:
                    tries = 0
            tries += 1
            if left and tries < _TRIES:
                time.sleep(min(_LONGEST_PAUSE, pause * 2 ** (tries - 1)))
    told = "; ".join(f"{urlsplit(address).netloc} {why}" for address, why in reasons.items())
    raise DownloadError(
        f"{printable(part.name.split('.')[0])} can't be downloaded: {printable(told)}",
        "check the connection and run it again: it goes on from what has arrived",
    )


def _transfer(session: object, address: str, part: Path, size: int, tell: Tell) -> None:
    """Bring the part up to `size` from one address."""
    import requests

    assert isinstance(session, requests.Session)
    had = _size_of(part)
    if had >= size:
        return
    headers = {"Range": f"bytes={had}-"} if had else {}
    try:
        with session.get(
            address, headers=headers, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
        ) as answer:
            if answer.status_code == 416:
                part.unlink(missing_ok=True)
                raise _Later("refuses to go on where the download was cut off")
            if answer.status_code in _FOR_GOOD:
                raise _Never(f"answers {answer.status_code} {answer.reason}".rstrip())
            if answer.status_code not in (200, 206):
                raise _Later(f"answers {answer.status_code} {answer.reason}".rstrip())
            start = _start(answer.headers.get("Content-Range", ""), answer.status_code)
            if start not in (0, had):
                raise _Never("sends another part than was asked for")
            length = answer.headers.get("Content-Length", "")
            if length.isdigit() and start + int(length) != size:
                raise _Never("holds a file of another size")
            with open(part, "r+b" if had else "wb") as out:
                out.seek(start)
                if start < had:
                    out.truncate()
                for chunk in answer.iter_content(_CHUNK):
                    if out.tell() + len(chunk) > size:
                        raise _Never("sends more than the file's size")
                    out.write(chunk)
                    tell(out.tell(), size)
                out.flush()
                os.fsync(out.fileno())
    except requests.exceptions.SSLError as error:
        raise _Never("has no certificate that can be trusted") from error
    except requests.exceptions.Timeout as error:
        raise _Later("doesn't answer in time") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise _Never("is no address") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise _Later("cuts the connection off") from error
    except requests.exceptions.ConnectionError as error:
        resolved = "resol" not in str(error).lower()
        raise _Later("can't be reached" if resolved else "isn't found (no network?)") from error
    except requests.exceptions.RequestException as error:
        raise _Later("breaks off the exchange") from error
    if _size_of(part) < size:
        raise _Later("cuts the connection off")


def _start(content_range: str, status: int) -> int:
    """Where an answer's bytes belong: 'bytes 5-9/10' says 5."""
    if status != 206:
        return 0
    begin = content_range.removeprefix("bytes ").split("-")[0]
    return int(begin) if begin.isdigit() else -1


def _size_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _digest(part: Path) -> str:
    with open(part, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_room(part: Path, size: int) -> None:
    wanted = size - _size_of(part)
    if shutil.disk_usage(part.parent).free < wanted:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _disk_error(error: OSError, target: Path) -> DownloadError:
    place = printable(os.fspath(target.parent))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DownloadError(
            f"the disk of {place} is full",
            "make room and run it again: it goes on from what has arrived",
        )
    return DownloadError(
        f"{place} can't be written: {error.strerror or error}", "see to its folder"
    )
