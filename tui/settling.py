"""File actions that an interrupted run left open are settled as soon as the interface stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..catalog import recovery
from .trouble import TROUBLE, in_words
from .wording import count

if TYPE_CHECKING:
    from .app import TwinsiftApp


def settle(app: TwinsiftApp) -> None:
    """Settle them, in a thread, and say how many there were."""
    try:
        with app.open_catalog() as catalog:
            settled = recovery.recover(catalog)
    except TROUBLE as error:
        app.call_from_thread(app.say, in_words(error), "bad")
        return
    if settled:
        told = f"{count(len(settled), 'interrupted file action')} settled"
        if app.current_mode != "journal":
            told += app.own_keys.told(" · {everywhere.journal} shows the journal")
        app.call_from_thread(app.say, told, "good")
