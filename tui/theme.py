"""The colours of the interface and the glyphs that say the same without colour."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="twinsift",
    primary="#5fb3a1",
    secondary="#6c9bd2",
    accent="#f0c05a",
    success="#8fc97a",
    warning="#e8a15c",
    error="#e5727a",
    foreground="#d5d9e0",
    background="#111419",
    surface="#161a21",
    panel="#222833",
    dark=True,
    variables={
        "muted": "#7d8694",
        "cursor-ground": "#26384a",
        "scrollbar": "#3a4352",
        "scrollbar-hover": "#4d586b",
        "scrollbar-active": "#5fb3a1",
        "scrollbar-background": "#161a21",
        "scrollbar-background-hover": "#161a21",
        "scrollbar-background-active": "#161a21",
        "scrollbar-corner-color": "#161a21",
        "input-cursor-background": "#f0c05a",
        "input-selection-background": "#5fb3a1 35%",
        "border": "#5fb3a1",
    },
)

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
