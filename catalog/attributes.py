"""What a file has beside its bytes: owner, mode, times, extended attributes; read, kept, given."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Attributes:
    """As `fstat` and `listxattr` tell them; access lists are extended attributes too."""

    mode: int
    owner: int
    group: int
    accessed_ns: int
    modified_ns: int
    extended: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, descriptor: int) -> Attributes:
        """Those of an open file.

        Raises:
            OSError: an attribute is there and can't be read.
        """
        found = os.fstat(descriptor)
        extended: dict[str, bytes] = {}
        if hasattr(os, "listxattr"):
            names: list[str] = []
            with suppress(OSError):  # a file system without attributes has none to lose
                names = os.listxattr(descriptor)
            for name in names:
                try:
                    extended[name] = os.getxattr(descriptor, name)
                except OSError:
                    if name.startswith("user."):
                        raise
        return cls(
            stat.S_IMODE(found.st_mode),
            found.st_uid,
            found.st_gid,
            found.st_atime_ns,
            found.st_mtime_ns,
            extended,
        )

    def give(self, descriptor: int) -> None:
        """Put them on another open file.

        A person's own attributes (user.*) must be kept; those of the system (labels, access lists),
        and the owner, are kept where the file system and our rights allow.

        Raises:
            OSError: mode, times or an attribute of the person can't be set.
        """
        if hasattr(os, "fchown"):
            with suppress(OSError):
                os.fchown(descriptor, self.owner, self.group)
        for name, value in self.extended.items():
            try:
                os.setxattr(descriptor, name, value)
            except OSError:
                if name.startswith("user."):
                    raise
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, self.mode)
        os.utime(descriptor, ns=(self.accessed_ns, self.modified_ns))

    def to_json(self) -> str:
        """One line that `from_json` reads."""
        extended = {
            name: base64.b64encode(value).decode("ascii") for name, value in self.extended.items()
        }
        values = [self.mode, self.owner, self.group, self.accessed_ns, self.modified_ns, extended]
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Attributes:
        """What `to_json` wrote."""
        mode, owner, group, accessed, modified, extended = json.loads(text)
        kept = {name: base64.b64decode(value) for name, value in extended.items()}
        return cls(mode, owner, group, accessed, modified, kept)
