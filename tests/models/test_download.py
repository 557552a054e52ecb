"""Downloads against a real server on the loopback interface that does what bad servers do."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from twinsift.models import download
from twinsift.models.download import DownloadError, fetch

CONTENT = bytes(os.urandom(1 << 10)) * 1024 + b"the end"  # a MiB and a bit
SHA = hashlib.sha256(CONTENT).hexdigest()
PATIENT = {"size": len(CONTENT), "sha256": SHA, "pause": 0.001}


@dataclass
class Served:
    """What the server was asked for, and what it does: one word for each request to a path."""

    address: str = ""
    plans: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def at(self, path: str, *plan: str) -> str:
        """An address whose requests go by `plan`, the last word for all that follow."""
        self.plans["/" + path] = list(plan)
        return f"{self.address}/{path}"


@pytest.fixture
def server() -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            ranged = self.headers.get("Range", "")
            served.requests.append((self.path, ranged))
            plan = served.plans[self.path]
            word = plan.pop(0) if len(plan) > 1 else plan[0]
            start = int(ranged.removeprefix("bytes=").rstrip("-")) if ranged else 0
            body = CONTENT
            if word.isdigit():
                self.send_error(int(word))
                return
            if word == "page":
                body, start = b"<html>sign in</html>", 0
            elif word == "other":
                body = CONTENT[::-1]
            elif word == "longer":
                body = CONTENT + b"more"
            elif word == "whole":
                start = 0
            elif word == "elsewhere":
                start += 7
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if word in ("unsaid", "longer"):
                self.send_header("Connection", "close")
            else:
                self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            rest = body[start:]
            if word == "cut":
                rest = rest[: max(1, len(rest) // 2)]
            self.wfile.write(rest)
            if word in ("cut", "unsaid", "longer"):
                self.close_connection = True
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that leaves in the middle is part of the tests

    http = Server(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "net" / "vgg16.onnx"


def only_parts(target: Path) -> bool:
    return all(path.suffix == ".part" for path in target.parent.iterdir())


def test_a_download_arrives_and_tells_how_far_it_is(server: Served, target: Path) -> None:
    told: list[tuple[int, int]] = []
    address = server.at("a", "fine")
    fetch([address], target, **PATIENT, tell=lambda done, size: told.append((done, size)))
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["vgg16.onnx"]
    assert told == sorted(told)
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_connection_that_is_cut_off_again_and_again_is_resumed(
    server: Served, target: Path
) -> None:
    address = server.at("a", *["cut"] * 5, "fine")
    fetch([address], target, **PATIENT)
    assert target.read_bytes() == CONTENT
    begins = [int(ranged[6:-1] or 0) if ranged else 0 for _, ranged in server.requests]
    assert begins == sorted(set(begins))
    assert abs(begins[1] - len(CONTENT) // 2) < 1 << 14


def test_what_an_earlier_run_left_is_gone_on_from_at_another_address(
    server: Served, target: Path
) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, size: int) -> None:
        if done > size // 3:
            raise StopError

    with pytest.raises(StopError):
        fetch([server.at("a", "fine")], target, **PATIENT, tell=stop)
    assert not target.exists()
    assert only_parts(target)
    fetch([server.at("b", "fine")], target, **PATIENT)
    assert target.read_bytes() == CONTENT
    path, ranged = server.requests[-1]
    assert path == "/b"
    assert int(ranged.removeprefix("bytes=").rstrip("-")) > len(CONTENT) // 3


@pytest.mark.parametrize(
    "plan",
    [
        ("cut", "whole"),  # it can't resume
        ("cut", "416", "fine"),
        ("503", "429", "500", "fine"),
        ("unsaid",),  # no Content-Length
    ],
)
def test_servers_that_do_less_still_serve(
    server: Served, target: Path, plan: tuple[str, ...]
) -> None:
    fetch([server.at("a", *plan)], target, **PATIENT)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("404", "answers 404"),
        ("page", "another size"),
        ("other", "wrong sha256"),
        ("longer", "more than the file's size"),
    ],
)
def test_an_address_without_the_right_file_is_passed_over(
    server: Served, target: Path, word: str, reason: str
) -> None:
    bad, good = server.at("bad", word), server.at("good", "fine")
    fetch([bad, good], target, **PATIENT)
    assert target.read_bytes() == CONTENT
    assert [path for path, _ in server.requests].count("/bad") == 1
    target.unlink()
    with pytest.raises(DownloadError, match=reason) as caught:
        fetch([bad], target, **PATIENT)
    assert not target.exists()
    assert "\n" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_a_part_that_was_wrong_from_the_start_is_fetched_anew(server: Served, target: Path) -> None:
    part = target.with_name(f"{target.name}.{SHA[:8]}.part")
    for wrong in (b"garbage" * 1000, bytes(len(CONTENT)), bytes(len(CONTENT) + 9)):
        target.parent.mkdir(exist_ok=True)
        part.write_bytes(wrong)
        fetch([server.at("a", "fine")], target, **PATIENT)
        assert target.read_bytes() == CONTENT
        target.unlink()


def test_a_server_that_sends_another_part_is_not_believed(server: Served, target: Path) -> None:
    with pytest.raises(DownloadError, match="another part"):
        fetch([server.at("a", "cut", "elsewhere")], target, **PATIENT)
    assert not target.exists()


def test_a_server_that_never_recovers_is_given_up(server: Served, target: Path) -> None:
    with pytest.raises(DownloadError, match="answers 503") as caught:
        fetch([server.at("a", "503"), server.at("b", "502")], target, **PATIENT)
    assert len(server.requests) == 10
    assert "goes on" in caught.value.remedy


def test_without_a_network_it_says_so_in_one_line(target: Path) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/net"
        with pytest.raises(DownloadError, match="can't be reached") as caught:
            fetch([nobody], target, **PATIENT)
    assert "\n" not in str(caught.value)
    with pytest.raises(DownloadError, match="isn't found"):
        fetch(["http://no-such-host.invalid/net"], target, **PATIENT)


def test_a_full_disk_is_told_and_what_arrived_stays(
    server: Served, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1000

    with monkeypatch.context() as patch:
        patch.setattr(download.shutil, "disk_usage", lambda folder: Usage)
        with pytest.raises(DownloadError, match="is full"):
            fetch([server.at("a", "fine")], target, **PATIENT)
    assert not server.requests

    def fill(done: int, size: int) -> None:
        if done > size // 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DownloadError, match="is full") as caught:
        fetch([server.at("a", "fine")], target, **PATIENT, tell=fill)
    assert "make room" in caught.value.remedy
    assert only_parts(target)
    fetch([server.at("a", "fine")], target, **PATIENT)
    assert server.requests[-1][1].startswith("bytes=")
    assert target.read_bytes() == CONTENT


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_is_really_full(server: Served, target: Path) -> None:
    target.parent.mkdir()
    target.with_name(f"{target.name}.{SHA[:8]}.part").symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="is full"):
        fetch([server.at("a", "fine")], target, **PATIENT)
