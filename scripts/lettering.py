"""Words and letters for pictures that are drawn: the same on every machine."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import ImageFont

from labelled import pick

_TEXT = """
    account address amount annual answer apple autumn balance bridge budget cable centre change
    charge city client coast contract copper cotton council country customer delivery demand
    design detail dinner discount district document double energy engine estimate evening
    example export factory family figure forest garden general glass group harbour heating
    height history holiday island journey kitchen ladder leather letter library linen local
    machine margin market material measure meeting member method minute mirror model month
    morning mountain museum number office orange order paper partner payment picture pocket
    power present price product project quarter railway record region report river school season
    second service silver single spring station storage street summer supply surface system
    table teacher ticket timber total travel tunnel valley village volume water weather weight
    window winter yellow
"""
WORDS = _TEXT.split()
"""Common words, by which pictures with other texts differ."""


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font: the same letters on every machine."""
    return ImageFont.load_default(size)


def phrase(rng: np.random.Generator, words: int) -> str:
    """A few words in a row, the first with a capital."""
    return " ".join(pick(rng, WORDS) for _ in range(words)).capitalize()
