"""Which files of a folder belong to a picture and go where it goes; told by their names alone.

- raw: the camera's RAW file and the JPEG or HEIC of the same shot: the same stem.
- live: the film of a live or motion photo: a still's stem.
- sidecar: IMG_1.xmp or IMG_1.JPG.xmp for IMG_1.JPG; which extensions, the settings say.
- takeout: Google Takeout's JSON. For IMG_1.JPG that is IMG_1.JPG.json or, since 2024,
  IMG_1.JPG.supplemental-metadata.json; what stands before '.json' is cut to 46 characters. For
  IMG_1(1).JPG the number comes last: IMG_1.JPG(1).json, IMG_1.JPG.supplemental-metadata(1).json.
  IMG_1-edited.JPG has that of IMG_1.JPG. (As the trackers of Ente, immich-go and
  GooglePhotosTakeoutHelper describe it.)

Letters' case tells no two stems apart: cameras and computers disagree on it.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..models import formats
from .settings import FileSettings

_FILMS = frozenset((b".mov", b".mp4", b".m4v", b".mp"))
_RAW = frozenset(b"." + name.encode() for name in formats.CAMERA_EXTENSIONS)
_STILLS = frozenset(b"." + name.encode() for name in formats.EXTENSIONS) - _RAW
_SHOTS = frozenset((b".jpg", b".jpeg", b".jpe", b".heic", b".heif", b".hif"))
"""What a camera writes beside a RAW file, and a film beside."""
_TAKEOUT_LENGTH = 46  # characters before '.json'
_TAKEOUT_WORD = ".supplemental-metadata"
_NUMBERED = re.compile(r"(.*)(\(\d+\))(\.[^.]*)", re.DOTALL)
_EDITED = re.compile(r"(.*)-edited(\(\d+\))?(\.[^.]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one folder, and who belongs to whom."""

    kinds: frozenset[str]
    """Of settings.COMPANION_KINDS."""
    sidecars: frozenset[bytes]
    """Extensions with their dot, lower case."""
    by_stem: dict[bytes, list[bytes]]
    by_name: dict[bytes, bytes]
    """Each name by its lower-case form."""
    by_json: dict[bytes, set[bytes]]
    """Pictures and films by the lower-case names that Takeout may have given to their JSON."""

    @classmethod
    def of(cls, names: Iterable[bytes], settings: FileSettings) -> Names:
        """The names of a folder's files, as the settings want them looked at."""
        by_stem: defaultdict[bytes, list[bytes]] = defaultdict(list)
        by_name: dict[bytes, bytes] = {}
        by_json: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for name in sorted(names):
            by_stem[_stem(name)].append(name)
            by_name[_low(name)] = name
            for json in _takeout_names(name) if _is_owner(name) else ():
                by_json[_low(json)].add(name)
        extensions = (b"." + os.fsencode(s.lstrip(".").lower()) for s in settings.sidecars)
        kinds = frozenset(settings.companions)
        return cls(kinds, frozenset(extensions), dict(by_stem), by_name, dict(by_json))

    def going_along(
        self, leaving: Collection[bytes], staying: Collection[bytes]
    ) -> dict[bytes, bytes]:
        """What goes along when the pictures `leaving` go, each with the picture it is listed under.

        A file that also belongs to a picture (or film) that stays is left, and so is one that is in
        `staying`, or in `leaving` itself.
        """
        along: dict[bytes, bytes] = {}
        gone = set(leaving)
        while True:  # the RAW file first, then the film that is its too, then the sidecar of both
            found: dict[bytes, bytes] = {}
            for picture in sorted(gone):
                for name in self._candidates(picture) - gone:
                    owners = self._shot_owners(name) or self._sidecar_owners(name)
                    if name not in staying and owners and owners <= gone:
                        first = min(owners)
                        found[name] = along.get(first, first)
            if not found:
                return along
            along |= found
            gone |= found.keys()

    def _candidates(self, picture: bytes) -> set[bytes]:
        """Every name that might belong to a picture or film."""
        found = set(self.by_stem.get(_stem(picture), ()))
        named = [_low(picture) + extension for extension in self.sidecars]
        named += [_low(name) for name in _takeout_names(picture)]
        found |= {self.by_name[name] for name in named if name in self.by_name}
        return found - {picture}

    def _shot_owners(self, name: bytes) -> set[bytes]:
        """The pictures that a RAW file, its JPEG, or a film belongs to."""
        extension = _extension(name)
        others = [other for other in self.by_stem[_stem(name)] if other != name]
        wanted: frozenset[bytes] = frozenset()
        if extension in _RAW and "raw" in self.kinds:
            wanted = _SHOTS
        elif extension in _SHOTS and "raw" in self.kinds:
            wanted = _RAW
        elif extension in _FILMS and "live" in self.kinds:
            wanted = _STILLS | _RAW
        return {other for other in others if _extension(other) in wanted}

    def _sidecar_owners(self, name: bytes) -> set[bytes]:
        """The pictures and films that a sidecar or a JSON of Takeout belongs to."""
        stem, extension = os.path.splitext(name)
        owners: set[bytes] = set()
        if extension.lower() in self.sidecars and "sidecar" in self.kinds:
            owner = self.by_name.get(_low(stem))
            owners = {owner} if owner else {o for o in self.by_stem[_stem(name)] if _is_owner(o)}
        elif extension.lower() == b".json" and "takeout" in self.kinds:
            owners = set(self.by_json.get(_low(name), ()))
        return owners - {name}


def _is_owner(name: bytes) -> bool:
    return _extension(name) in _STILLS | _RAW | _FILMS


def _takeout_names(picture: bytes) -> list[bytes]:
    """The names that Google Takeout may have given to a picture's JSON."""
    name = os.fsdecode(picture)
    titles = [(name, "")]
    edited = _EDITED.fullmatch(name)
    if edited:
        titles.append((edited[1] + edited[3], edited[2] or ""))
        titles.append((edited[1] + (edited[2] or "") + edited[3], ""))
    for title, number in list(titles):
        numbered = _NUMBERED.fullmatch(title)
        if numbered and not number:
            titles.append((numbered[1] + numbered[3], numbered[2]))
    return [
        os.fsencode((title + word)[:_TAKEOUT_LENGTH] + number + ".json")
        for title, number in titles
        for word in ("", _TAKEOUT_WORD)
    ]


def _stem(name: bytes) -> bytes:
    return _low(os.path.splitext(name)[0])


def _extension(name: bytes) -> bytes:
    return os.path.splitext(name)[1].lower()


def _low(name: bytes) -> bytes:
    return os.fsencode(os.fsdecode(name).casefold())
