"""Tells what a terminal answers to questions apart from what a person types.

Answers come as escape sequences on the same line as keys, and late ones come while keys are typed:
read as keys they would be letters and digits, and here a digit decides about files.
"""

from __future__ import annotations

import re

_REPLY = re.compile(
    r"\x1b\[\?[\d;]*[cS]"  # device attributes; numbers of sixels
    r"|\x1b\[>[\d;]*c"  # secondary device attributes
    r"|\x1b\[[468];\d+;\d+t"  # sizes of the window and of a cell
    r"|\x1bP(?:>\||[01]\$r|[01]\+r)[^\x1b\x07]*(?:\x1b\\|\x07)"  # name; settings; capabilities
    r"|\x1b_G[^\x1b\x07]*(?:\x1b\\|\x07)"  # kitty graphics
)
_BEGUN = re.compile(
    r"\x1b(?:"
    r"\[(?:\?[\d;]*|>[\d;]*|[468](?:;\d*){0,2})?"
    r"|P(?:>(?:\|[^\x1b\x07]*\x1b?)?|[01](?:[$+](?:r[^\x1b\x07]*\x1b?)?)?)?"
    r"|_(?:G[^\x1b\x07]*\x1b?)?"
    r")?"
)
_CLEAR = 3
"""Letters of a sequence from which it is no key: Escape, Alt+[, Alt+P and Alt+_ have fewer."""

_LONGEST = 4096


class ReplyFilter:
    """Takes a stream of input in pieces apart: replies are kept out of what is passed on."""

    def __init__(self) -> None:
        self._held = ""
        self.replies: list[str] = []
        """The replies found so far."""

    @property
    def is_waiting(self) -> bool:
        """Whether something that may be the beginning of a reply is held back."""
        return bool(self._held)

    def feed(self, text: str) -> str:
        """What of the next piece was typed; a reply that has only begun is held back."""
        text, self._held = self._held + text, ""
        typed: list[str] = []
        position = 0
        while (start := text.find("\x1b", position)) >= 0:
            typed.append(text[position:start])
            if reply := _REPLY.match(text, start):
                self.replies.append(reply[0])
                position = reply.end()
            elif len(text) - start < _LONGEST and _BEGUN.fullmatch(text, start):
                self._held = text[start:]
                return "".join(typed)
            else:
                typed.append("\x1b")
                position = start + 1
        typed.append(text[position:])
        return "".join(typed)

    def give_up(self, *, patient: bool = True) -> str:
        """What was held back and has waited in vain: a key such as Escape is passed on.

        What is clearly no key is waited for on, or dropped where one isn't patient any more.
        """
        if len(self._held) >= _CLEAR and patient:
            return ""
        held, self._held = self._held, ""
        return held if len(held) < _CLEAR else ""
