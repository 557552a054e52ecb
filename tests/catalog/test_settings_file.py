"""The settings file: what is read, and that every wrong key or value is refused by name."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
from twinsift.catalog import settings_file
from twinsift.catalog.errors import SettingsError
from twinsift.catalog.options import all_options
from twinsift.catalog.settings import KEEP_RULES, SECTIONS, Settings


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def refusal(place: Path, text: str) -> str:
    place.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        settings_file.load(place)
    message = str(caught.value)
    assert str(place) in message
    assert "\n" not in message
    return message


def test_defaults_without_a_file() -> None:
    assert not settings_file.default_path().exists()
    assert settings_file.load() == Settings()


def test_named_file_must_exist(place: Path) -> None:
    with pytest.raises(SettingsError, match="there is no settings file"):
        settings_file.load(place)


def test_values_of_every_kind(place: Path) -> None:
    place.write_text(
        "[index]\nhidden = true\nworkers = 3\ntimeout_seconds = 5\nignore = ['*.tmp', 'a,b']\n"
        "[keep]\norder = ['size']\n[screen]\npictures = 'none'\n",
        encoding="utf-8",
    )
    settings = settings_file.load(place)
    assert settings.index.hidden is True
    assert settings.index.workers == 3
    assert settings.index.timeout_seconds == 5.0
    assert isinstance(settings.index.timeout_seconds, float)
    assert settings.index.ignore == ("*.tmp", "a,b")
    assert settings.keep.order == ("size",)
    assert settings.screen.pictures == "none"
    assert settings.match == Settings().match


def test_paths_are_taken_from_the_files_folder(place: Path, home: Path) -> None:
    place.write_text(
        "[files]\ntrash = 'bin'\nmove_to = '~/kept'\n[index]\nmodel = ''\n", encoding="utf-8"
    )
    settings = settings_file.load(place)
    assert settings.files.trash == str(place.parent / "bin")
    assert settings.files.move_to == str(home / "kept")
    assert settings.index.model == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[match]\nhaming = 8", "[match] haming: no such key (did you mean hamming?)"),
        ("[macth]\nhamming = 8", "[macth]: no such table (did you mean [match]?)"),
        ("[qqqq]\nhamming = 8", "there are index, match"),
        ("hamming = 8", "hamming stands outside its table (put it below [match])"),
        ("[index]\ncosine = 0.5", "no such key (it belongs below [match])"),
        ("[index]\nzzzz = 1", "no such key (there are hidden,"),
        ("match = 8", "match is a table (write it as [match])"),
        ("[match]\nhamming = 40", "40 is not a whole number from 0 to 16"),
        ("[match]\nhamming = -1", "nearest right value: 0"),
        ("[match]\nhamming = 9.7", "from 0 to 16 (nearest right value: 10)"),
        ("[match]\nhamming = '12'", "'12' is not a whole number"),
        ("[match]\nhamming = true", "true is not a whole number"),
        ("[match]\ncosine = nan", "nearest right value: 0.9"),
        ("[match]\ncosine = inf", "nearest right value: 1"),
        ("[index]\nhidden = 'yes'", "'yes' is not true or false (nearest right value: true)"),
        ("[index]\nhidden = 0", "nearest right value: false"),
        ("[index]\nignore = '*.tmp'", "not a list of text (nearest right value: ['*.tmp'])"),
        ("[index]\nhashes = ['wash']", "ahash, whash (nearest right value: whash)"),
        ("[keep]\norder = ['size', 'size']", "names something twice"),
        ("[screen]\npictures = 'half'", "nearest right value: halfblock"),
        ("[screen]\npictures = 3", "3 is not one of auto"),
        ("[files]\ntrash = 3", "3 is not text"),
        ("[match", "is not TOML"),
    ],
)  # fmt: skip
def test_refused_with_file_key_and_nearest(place: Path, text: str, said: str) -> None:
    assert said in refusal(place, text)


def test_not_text(place: Path) -> None:
    place.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        settings_file.load(place)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        settings_file.load(tmp_path)


def test_keys_are_shown_harmlessly(place: Path) -> None:
    assert "\x1b" not in refusal(place, '[match]\n"\\u001b[2J" = 8')


def test_example_is_the_defaults(place: Path) -> None:
    text = settings_file.example()
    place.write_text(text, encoding="utf-8")
    assert settings_file.load(place) == Settings()
    tables = tomllib.loads(text)
    assert {name: list(table) for name, table in tables.items()} == {
        name: list(asdict(getattr(Settings(), name))) for name in SECTIONS
    }


def test_flags_are_unique() -> None:
    flags = [option.flag for option in all_options()]
    assert len(set(flags)) == len(flags)
    assert "--hamming" in flags
    assert "--keep-order" in flags


def test_every_default_is_accepted(tmp_path: Path) -> None:
    for option in all_options():
        given = list(option.default) if isinstance(option.default, tuple) else option.default
        assert option.check(given, tmp_path, option.flag) == option.default


def test_flag_texts() -> None:
    by_flag = {option.flag: option for option in all_options()}

    def parse(flag: str, *texts: str) -> object:
        return by_flag[flag].parse(texts, Path("/base"), flag)

    assert parse("--hamming", "4", "8") == 8
    assert parse("--cosine", "1") == 1.0
    assert parse("--ignore", "a,b", "*.tmp") == ("a,b", "*.tmp")
    assert parse("--keep-order", "size, exif", "depth") == ("size", "exif", "depth")
    assert parse("--files-trash", "bin") == str(Path("/base/bin"))
    with pytest.raises(SettingsError, match=r"--hamming: 'ten' is not a whole number"):
        parse("--hamming", "ten")
    with pytest.raises(SettingsError, match="nearest right value: resolution"):
        parse("--keep-order", "resolutoin")


def test_merge_changes_only_what_is_given() -> None:
    merged = settings_file.merge(
        Settings(), {("match", "hamming"): 3, ("keep", "order"): ("exif",)}
    )
    assert merged.match.hamming == 3
    assert merged.keep.order == ("exif",) != KEEP_RULES
    assert merged.index == Settings().index


@pytest.mark.parametrize(
    "text",
    [
        '[files]\ntrash = "~nobody-of-that-name/x"\n',
        '[files]\ntrash = "a\\u0000b"\n',
        "x = " + "[" * 5000,
        "[match]\nhamming = " + "9" * 5000,
        '[match]\n"\\u001b[31m" = 1\n',
    ],
)
def test_what_fuzzing_found_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    place = tmp_path / "settings.toml"
    place.write_text(text)
    with pytest.raises(SettingsError) as refused:
        settings_file.load(place)
    assert str(refused.value).isprintable()
