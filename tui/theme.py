"""The glyphs that say without colour what colour says; the colours are in `palettes`."""

from __future__ import annotations

STAR = "★"

VERB_GLYPHS = {
    "keep": "✓",
    "trash": "✗",
    "move": "→",
    "delete": "‼",
    "hardlink": "=",
    "reflink": "≈",
    "symlink": "↗",
}
"""A decision's glyph; the word stands beside it wherever there is room."""

VERB_WORDS = {
    "keep": "keep",
    "trash": "trash",
    "move": "move",
    "delete": "delete for good",
    "hardlink": "hard link",
    "reflink": "clone",
    "symlink": "symbolic link",
}

DECIDED, PARTLY, OPEN = "✓", "◐", "·"
MARK = "●"
CURSOR = "›"
BETTER = "▲"
DIFFERS = "≠"
