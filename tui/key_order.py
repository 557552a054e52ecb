"""Keys that are typed ahead keep their order and their meaning.

Textual hands each key to the widget with the keyboard at once. A widget takes letters right away,
but whatever is bound to an action (Ctrl-U, Backspace, a key that opens a dialog) climbs up to the
program first, and letters typed after it overtake it: a path typed behind the key that opens its
dialog is lost, and Ctrl-U takes away what was typed after it. Over a slow line, where keys come in
bursts, that indexes the wrong folder.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App
from textual.dom import DOMNode

_GONE_SECONDS = 0.5  # between two looks whether the widget that has the key is still there
_LOOK_SECONDS = 0.01


class KeyOrder:
    """Hands on a key when all is done that the key before it does, an opened screen included."""

    def __init__(self, app: App[int], hand_on: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[events.Event] = deque()
        self._number = 0
        """Counts the keys that were handed on."""
        self._under_way = False
        self._at: DOMNode | None = None
        """The widget that has the key."""
        self._late: asyncio.TimerHandle | None = None

    async def take(self, event: events.Event) -> None:
        """Hand on a key or a paste, now or after those that came before it."""
        if self._under_way:
            self._waiting.append(event)
        else:
            await self._pass(event)

    async def _pass(self, event: events.Event) -> None:
        self._under_way = True
        self._number += 1
        number, first = self._number, self._app.focused or self._app.screen
        self._at = first
        await self._hand_on(event)
        self._look(number)
        self._climb(first, number)

    def _climb(self, node: DOMNode | None, number: int) -> None:
        """Go behind the key, through the queues from its widget up to the program."""
        if number != self._number:
            return
        self._at = node
        if node is None or node is self._app:
            goes = self._app.call_later(self._arrived, number)
        else:
            goes = node.call_later(self._above, node, number)
        if not goes:  # the widget has gone: what the key did to it is done
            self._arrived(number)

    def _look(self, number: int) -> None:
        """Give up a widget that went with the key in its queue."""
        if number != self._number or not self._under_way:
            return
        if self._at is not None and not (self._at.is_running and self._at.is_attached):
            self._arrived(number)
        else:
            self._late = asyncio.get_running_loop().call_later(_GONE_SECONDS, self._look, number)

    def _above(self, node: DOMNode, number: int) -> None:
        self._climb(node.parent, number)

    def _arrived(self, number: int) -> None:
        """What the key is bound to was done."""
        if number != self._number or not self._under_way:
            return
        if self._waiting and self._app.is_running and not self._app.screen.is_mounted:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._arrived, number)
            return
        if self._late is not None:
            self._late.cancel()
        self._under_way = False
        if self._waiting:
            self._under_way = True  # behind the focus that an opened screen has asked for
            self._app.call_later(self._next)

    async def _next(self) -> None:
        await self._pass(self._waiting.popleft())
