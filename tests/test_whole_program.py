"""The installed command on generated photographs, from the index to the disk after undo."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Verb, decide, keep_only
from twinsift.catalog.listing import list_groups
from twinsift.catalog.review import load_group

COMMAND = Path(sys.executable).with_name("twinsift")
Contents = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """A library of photographs with copies, and a catalog beside it."""

    folder: Path
    catalog: Path

    def start(self, *words: str | Path, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND, "--catalog", self.catalog, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *words: str | Path, status: int = 0) -> str:
        """Standard output of the command, which must end with `status` and without a traceback."""
        out, err = (running := self.start(*words)).communicate(timeout=120)
        assert "Traceback" not in err
        assert running.returncode == status, out + err
        return out if status == 0 else out + err

    def lines(self, *words: str | Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*words).splitlines()]

    def relative(self, path: str) -> str:
        return Path(path).relative_to(self.folder).as_posix()

    def contents(self) -> Contents:
        """The bytes of every file of the library, the trash left out."""
        return {
            self.relative(str(path)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and ".twinsift-trash" not in path.parts
        }

    def trashed(self) -> list[bytes]:
        trash = self.folder / ".twinsift-trash"
        return sorted(path.read_bytes() for path in trash.glob("*/files/**/*") if path.is_file())

    def decide_all(self, verb: Verb, target: Path | None = None) -> None:
        """What a person does in the review: the suggested file stays, `verb` for the others."""
        with Catalog.open(self.catalog, create=False) as catalog:
            for summary in list_groups(catalog):
                detail = load_group(catalog, summary.id)
                assert detail is not None
                folder = None if target is None else os.fsencode(target)
                choices = keep_only(detail, {detail.keeper.file_id}, verb, folder)
                decide(catalog, detail.id, choices)


# Copies by the photograph they are of; "alone" has none.
GROUPS = {
    "harbour": {
        "2019/harbour.png",
        "2019/harbour copy.png",
        "phone/harbour small.jpg",
        "phone/harbour crop.jpg",
    },
    "garden": {"2020/garden.jpg", "phone/garden resaved.jpg"},
    "street": {"2020/street.jpg", "phone/street.webp"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, photograph: Callable[..., Image.Image]) -> Place:
    """The library, indexed and matched; tests that change it take a copy."""
    work = tmp_path_factory.mktemp("whole")
    folder = work / "photos"
    for name in ("2019", "2020", "phone"):
        (folder / name).mkdir(parents=True)
    harbour, garden, street, alone = (photograph(seed) for seed in range(101, 105))
    harbour.save(folder / "2019/harbour.png")
    shutil.copyfile(folder / "2019/harbour.png", folder / "2019/harbour copy.png")
    harbour.resize((400, 300)).save(folder / "phone/harbour small.jpg", quality=85)
    harbour.crop((60, 40, 600, 460)).save(folder / "phone/harbour crop.jpg", quality=90)
    garden.save(folder / "2020/garden.jpg", quality=95)
    garden.save(folder / "phone/garden resaved.jpg", quality=70)
    street.save(folder / "2020/street.jpg", quality=95)
    street.save(folder / "phone/street.webp", quality=80)
    alone.save(folder / "2020/alone.jpg", quality=95)
    (folder / "2020/notes.txt").write_text("not a picture")
    place = Place(folder, work / "catalog.sqlite")
    place.run("index", folder)
    place.run("match")
    return place


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Place:
    """A fresh copy of the library, indexed and matched by itself."""
    copy = Place(tmp_path / "photos", tmp_path / "catalog.sqlite")
    shutil.copytree(made.folder, copy.folder)
    copy.run("index", copy.folder)
    copy.run("match")
    return copy


def test_groups_are_the_copies_and_nothing_else(made: Place) -> None:
    found = made.lines("groups", "--json")
    files = [{made.relative(file["path"]) for file in group["files"]} for group in found]
    assert sorted(map(sorted, files)) == sorted(map(sorted, GROUPS.values()))
    for group in found:
        assert group["id"]
        assert 0.0 < group["similarity"] <= 1.0
        assert [file["keep"] for file in group["files"]].count(True) == 1
        assert group["files"][0]["keep"]
        assert group["files"][0]["reason"]
    [harbour] = [group for group in found if len(group["files"]) == 4]
    verdicts = {made.relative(f["path"]): f["verdict"] for f in harbour["files"]}
    assert verdicts["2019/harbour copy.png"] == "identical file"
    assert verdicts["phone/harbour small.jpg"] == "resized"
    assert verdicts["phone/harbour crop.jpg"] == "cropped"
    text = made.run("groups")
    assert text.count("  keep ") == 3
    assert "3 groups of duplicates" in text


def test_groups_say_when_pictures_wait_for_a_match(made: Place, tmp_path: Path) -> None:
    place = Place(made.folder, tmp_path / "catalog.sqlite")
    place.run("index", place.folder)
    _, err = place.start("groups").communicate(timeout=60)
    assert "8 pictures not compared yet; `twinsift match` does it" in err
    _, err = made.start("groups").communicate(timeout=60)
    assert err == ""


def test_nothing_is_read_twice(place: Place) -> None:
    assert " 0 read, 10 unchanged" in place.run("index")
    (place.folder / "2019").rename(place.folder / "moved")
    again = place.run("index")
    assert " 0 read" in again
    assert "2 moved" in again
    place.run("match")
    assert {
        place.relative(file["path"])
        for group in place.lines("groups", "--json")
        for file in group["files"]
    } == {
        path.replace("2019/", "moved/") for group in GROUPS.values() for path in group
    }  # fmt: skip


def test_decide_plan_apply_undo(place: Place) -> None:
    before = place.contents()
    place.decide_all(Verb.TRASH)
    planned = place.lines("plan", "--json")
    assert len(planned) == 5
    assert {line["verb"] for line in planned} == {"trash"}
    assert place.contents() == before, "a plan touches nothing"
    gone = {place.relative(line["source"]) for line in planned}
    for group in GROUPS.values():
        assert len(group - gone) == 1, "one file of each group stays"

    done = place.run("apply", "--yes")
    assert "done: 5 files" in done
    after = place.contents()
    assert after == {name: data for name, data in before.items() if name not in gone}
    assert place.trashed() == sorted(before[name] for name in gone)
    assert place.lines("groups", "--json") == []

    assert "brought back 5 files" in place.run("undo")
    assert place.contents() == before
    assert place.trashed() == []
    assert len(place.lines("groups", "--json")) == 3
    assert "no applied batch is left to undo" in place.run("undo", status=1)


def test_apply_moves_with_the_structure_kept(place: Place, tmp_path: Path) -> None:
    before = place.contents()
    target = tmp_path / "copies"
    place.decide_all(Verb.MOVE, target)
    moves = {line["source"]: line["destination"] for line in place.lines("plan", "--json")}
    place.run("apply", "--yes")
    for source, destination in moves.items():
        name = place.relative(source)
        assert Path(destination) == target / name
        assert Path(destination).read_bytes() == before[name]
    place.run("undo")
    assert place.contents() == before


def test_deletions_need_a_consent_of_their_own(place: Place) -> None:
    before = place.contents()
    place.decide_all(Verb.DELETE)
    for words, status, said in (
        (("apply",), 2, "there is no terminal to ask on (add --confirm-delete 5)"),
        (("apply", "--yes"), 2, "which --yes doesn't cover (add --confirm-delete 5)"),
        (
            ("apply", "--confirm-delete", "4"),
            1,
            "consent was given to 4 deletions, but there are 5",
        ),
    ):
        assert said in place.run(*words, status=status)
        assert place.contents() == before
    place.run("apply", "--confirm-delete", "5")
    assert len(place.contents()) == len(before) - 5
    assert place.trashed() == []
    place.run("undo", status=1)


def test_a_changed_file_is_refused_and_the_rest_goes_on(place: Place) -> None:
    place.decide_all(Verb.TRASH)
    changed = place.folder / "phone/garden resaved.jpg"
    changed.write_bytes(changed.read_bytes() + b"changed since")
    out = place.run("apply", "--yes", status=1)
    assert str(changed) in out
    assert changed.exists()
    assert len(place.trashed()) == 4


def test_find_ranks_and_removes(place: Place) -> None:
    image = place.folder / "2020/street.jpg"
    hits = place.lines("find", image, place.folder, "--min", "80", "--json")
    names = [place.relative(hit["path"]) for hit in hits]
    assert "phone/street.webp" in names
    assert set(names) <= GROUPS["street"]
    place.run("find", image, place.folder, "--min", "80", "--trash", "--yes")
    assert image.exists()
    assert not (place.folder / "phone/street.webp").exists()
    assert len(place.trashed()) == 1


def test_sift_ssim_counts_the_duplicates_of_each_image(made: Place) -> None:
    out = made.run("match", "--method", "sift-ssim")
    counted = {
        made.relative(line.split(maxsplit=1)[1]): int(line.split()[0])
        for line in out.splitlines()
        if line.startswith("   ")
    }
    assert counted["2019/harbour copy.png"] >= 1
    assert counted["2020/garden.jpg"] == counted["phone/garden resaved.jpg"] == 1
    assert "2020/alone.jpg" not in counted
    assert f"total duplicates: {sum(counted.values())}\n" in out
    found = made.lines("groups", "--json", "--method", "sift-ssim")
    assert {made.relative(f["path"]) for g in found for f in g["files"]} == set(counted)
    assert len(made.lines("groups", "--json")) == 3, "the methods' groups stand side by side"


def test_a_killed_index_goes_on(made: Place, tmp_path: Path) -> None:
    place = Place(made.folder, tmp_path / "catalog.sqlite")
    running = place.start("index", place.folder)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not place.catalog.exists():
        time.sleep(0.02)
    running.kill()
    running.communicate()
    place.run("index", place.folder)
    place.run("match")
    assert place.run("groups", "--json") != ""
    assert {g["id"] for g in place.lines("groups", "--json")} == {
        g["id"] for g in made.lines("groups", "--json")
    }


def test_ctrl_c_ends_with_130_and_no_traceback(made: Place, tmp_path: Path) -> None:
    place = Place(made.folder, tmp_path / "catalog.sqlite")
    running = place.start("index", place.folder, start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not place.catalog.exists():
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert "run the same command again to go on" in err


def test_without_a_terminal_the_main_job_lists_the_groups(made: Place, tmp_path: Path) -> None:
    out = Place(made.folder, tmp_path / "catalog.sqlite").run(made.folder)
    assert "9 pictures" in out
    assert "3 groups of duplicates" in out


def test_damaged_and_strange_files(tmp_path: Path, photograph: Callable[..., Image.Image]) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    place = Place(folder, tmp_path / "catalog.sqlite")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing of use")
    (folder / "empty.png").touch()
    picture = photograph(110)
    picture.save(folder / "first\x1b[2J.jpg")
    strange = os.fsencode(folder) + b"/gr\xfc\xdfe.jpg"
    with open(strange, "wb") as file:
        picture.save(file, "JPEG")
    out = place.run("index", folder, status=1)
    assert "broken.jpg: " in out
    assert "empty.png: " in out
    assert "\x1b" not in out
    place.run("match")
    [group] = place.lines("groups", "--json")
    assert {os.fsencode(file["path"]) for file in group["files"]} == {
        strange,
        os.fsencode(folder / "first\x1b[2J.jpg"),
    }
    assert "\x1b" not in place.run("groups")


def test_the_reader_of_a_pipe_may_leave(made: Place) -> None:
    script = f"'{COMMAND}' --catalog '{made.catalog}' groups | head -n 1"
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert len(ended.stdout.splitlines()) == 1


def typed(words: Sequence[str | Path], answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Run the command on a terminal of its own, answer its questions; status and screen."""
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(str(COMMAND), [str(word) for word in words], encoding="utf-8", timeout=60)
    seen = ""
    for question, answer in answers:
        child.expect_exact(question)
        seen += child.before + question
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, seen + child.before


def test_consent_is_asked_on_a_terminal(place: Place) -> None:
    before = place.contents()
    place.decide_all(Verb.TRASH)
    words = ("--catalog", place.catalog, "apply")
    status, seen = typed(words, [("Go on? [y/N]", "n")])
    assert (status, place.contents()) == (0, before)
    assert "nothing was done" in seen
    status, seen = typed(words, [("Go on? [y/N]", "y")])
    assert status == 0
    assert len(place.contents()) == len(before) - 5

    place.run("undo")
    place.decide_all(Verb.DELETE)
    status, _ = typed(words, [("type `delete 5`", "delete")])
    assert (status, place.contents()) == (0, before)
    status, _ = typed(words, [("type `delete 5`", "delete 5")])
    assert len(place.contents()) == len(before) - 5
