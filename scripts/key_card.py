"""Write docs/keys.md: every key of the interface on one page, from the table that binds them.

.venv/bin/python scripts/key_card.py
"""

from __future__ import annotations

from pathlib import Path

from twinsift.tui.help_screen import TITLES
from twinsift.tui.keymap import KEYS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "keys.md"
_HEAD = """\
# Keys

Made from the table of keys by `scripts/key_card.py`. `?` shows the same on each screen. A number
before a motion repeats it. Keys can be changed in the settings file by the names in the last
column; a key that two actions of one screen would have is refused:

```toml
[keys]
review.keep_all = "K"
list.down = "n, down"
```
"""


def card() -> str:
    """The page."""
    parts = [_HEAD]
    for place, title in TITLES.items():
        parts.append(f"\n## {title}\n\n| key | what it does | name |\n|---|---|---|\n")
        for key in KEYS[place]:
            shown = " ".join(f"`{part}`" for part in key.shown.split())
            name = "" if key.is_fixed else f"`{place}.{key.id}`"
            parts.append(f"| {shown} | {key.help} | {name} |\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(card(), encoding="utf-8")
