"""The themes: dark, light, and one of high contrast."""

from __future__ import annotations

from textual.theme import Theme


def _theme(
    name: str,
    *,
    dark: bool,
    ground: str,
    surface: str,
    panel: str,
    text: str,
    muted: str,
    cursor: str,
    primary: str,
    secondary: str,
    accent: str,
    success: str,
    warning: str,
    error: str,
    bar: str,
) -> Theme:
    """A theme with all that Textual asks for, from the colours that are ours."""
    return Theme(
        name=name,
        primary=primary,
        secondary=secondary,
        accent=accent,
        success=success,
        warning=warning,
        error=error,
        foreground=text,
        background=ground,
        surface=surface,
        panel=panel,
        dark=dark,
        variables={
            "muted": muted,
            "cursor-ground": cursor,
            "scrollbar": bar,
            "scrollbar-hover": muted,
            "scrollbar-active": primary,
            "scrollbar-background": surface,
            "scrollbar-background-hover": surface,
            "scrollbar-background-active": surface,
            "scrollbar-corner-color": surface,
            "input-cursor-background": accent,
            "input-selection-background": f"{primary} 35%",
            "border": primary,
        },
    )


DARK = _theme(
    "twinsift", dark=True, ground="#111419", surface="#161a21", panel="#222833",
    text="#d5d9e0", muted="#7d8694", cursor="#26384a", bar="#3a4352",
    primary="#5fb3a1", secondary="#6c9bd2", accent="#f0c05a",
    success="#8fc97a", warning="#e8a15c", error="#e5727a",
)  # fmt: skip
LIGHT = _theme(
    "twinsift-light", dark=False, ground="#fbfaf7", surface="#f4f2ec", panel="#e4e1d8",
    text="#24282f", muted="#666b73", cursor="#cfe0ea", bar="#b9b5a8",
    primary="#1f6f60", secondary="#2b5f9e", accent="#8a5a00",
    success="#2f6b1f", warning="#9a4a00", error="#b3202c",
)  # fmt: skip
CONTRAST = _theme(
    "twinsift-contrast", dark=True, ground="#000000", surface="#000000", panel="#1c1c1c",
    text="#ffffff", muted="#c6c6c6", cursor="#0000c0", bar="#8a8a8a",
    primary="#00ffff", secondary="#87d7ff", accent="#ffff00",
    success="#5fff5f", warning="#ffaf00", error="#ff8787",
)  # fmt: skip

THEMES: dict[str, Theme] = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}
"""Themes by the values of the setting `screen.theme`."""
