"""From evidence to a verdict, a similarity in per cent and a sentence in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from .evidence import EQUALLY_SHARP, Evidence, Verdict, is_alike_nowhere

VERSION = 8


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a copy begins; see catalog.settings.MatchSettings for what each means."""

    hamming: int = 10
    inliers: int = 12
    agreement: float = 0.6


@dataclass(frozen=True, slots=True)
class Facts:
    """What files say of themselves."""

    width: int
    height: int
    format: str
    lossless: bool
    quality: int | None
    captured_at: str | None
    camera: str | None


_TRUSTED_INLIERS = 40  # from here an edited part of the picture (sticker, big text) is believed
_TRUSTED_SPREAD = 0.3
_TRUSTED_SUPPORT = 0.29
_FEW_INLIERS = 30
_MANY_KEYPOINTS = 100
_GRAPHIC_MATCHES = 0.68
_GRAPHIC = 0.5  # from here two tones make a page, a screen or a drawing of a picture
_SMALLEST_COVER = 0.35  # of the picture that is covered more
_PARALLAX_RESIDUAL = 0.25
_PARALLAX_COHERENCE = 0.3
_MOVED = 8  # chance gave copies 5 at the most
_MOVED_SHARE = 0.04
_MOVED_NOWHERE = 0.99  # of the overlap agrees: matches a short way off are a pattern's, repeated
_RECOLOURED = 0.04
_COARSELY_SAME = 0.92
_CHANGED = 0.05
_DRAWN = 0.82  # stickers have 0.84 and more
_RELIT = 12.0
_DRAWN_RELIT = 0.9
_SWAPPED = 0.005
_SWAPPED_OF_CLASH = 0.15  # letters clash all along their edges
_EXCHANGED = 0.0015
_OTHER_GRAIN = 0.3  # copies keep 0.45 and more of it, two exposures share 0.1
_BLURRED = 0.4
_CLASH_OF_VIEWS = 0.02
_CLASH_OF_PAGES = 0.003
_CLASH_OF_COPIES = 0.02
_TEXTURE = 0.15  # below this share of texture only keypoints can tell two pictures apart


def judge(e: Evidence, a: Facts, b: Facts, t: Thresholds) -> Verdict:
    """What the evidence makes of the pair; 'identical' verdicts are given by digests elsewhere."""
    if e.agreement is None or e.correlation is None or e.cover_a is None or e.cover_b is None:
        return Verdict.UNRELATED
    whole = min(e.cover_a, e.cover_b) >= 0.97
    same = e.method == "keypoints" and _aligned(e, t)
    if not (same or ((whole or e.method != "keypoints") and _overlaid(e, t))):
        return Verdict.NEAR_SHOT if _same_scene(e, t) else Verdict.UNRELATED
    if near_shot_reason(e, a, b):
        return Verdict.NEAR_SHOT
    return _edit(e, a, b)


def _aligned(e: Evidence, t: Thresholds) -> bool:
    """Whether keypoints and the overlap outside them agree on one picture."""
    agreement, correlation = e.agreement or 0.0, e.correlation or 0.0
    if max(e.cover_a or 0, e.cover_b or 0) < _SMALLEST_COVER:
        return False  # all that they share is a corner: a caption, a logo, a status bar
    if _on_another_ground(e):
        return False
    # In copies nearly all that matches agrees; what shares a template matches here and there.
    of_matches = e.inliers / max(e.matches, 1)
    whole = agreement >= t.agreement and correlation >= 0.7
    edited = (
        agreement >= t.agreement * 2 / 3
        and e.inliers >= max(_TRUSTED_INLIERS, 3 * t.inliers)
        and e.spread >= _TRUSTED_SPREAD
        and of_matches >= 0.62
        and e.support >= _TRUSTED_SUPPORT
    )
    if (e.even or 0.0) >= _GRAPHIC:
        clean = _clash(e) <= _CLASH_OF_PAGES / 4
        clear = whole and agreement >= 0.7 and correlation >= (0.8 if clean else 0.9)
        return (clear or edited) and _is_the_same_page(e)
    noisy = (e.coarse or 0.0) >= _COARSELY_SAME and _clash(e) <= _CLASH_OF_COPIES
    if noisy and e.inliers >= _FEW_INLIERS and e.spread >= 0.5 and of_matches >= 0.7:
        return True
    if not whole:
        return edited
    if _equally_sharp(e):
        if of_matches < 0.6 and not (agreement >= 0.94 and correlation >= 0.9):
            return False
        if e.inliers < _FEW_INLIERS:
            return agreement >= 0.85 and correlation >= 0.93
    # Few inliers are enough where nearly everything agrees.
    return e.inliers >= t.inliers or (agreement >= 0.9 and correlation >= 0.9)


def _on_another_ground(e: Evidence) -> bool:
    """Whether the texture agrees but lies on flat parts of another tone or colour."""
    textured, difference = e.textured or 0.0, e.flat_difference or 0.0
    if textured < 0.5 and difference > 24:
        return True
    partly = textured < 0.4 and e.spread < 0.4
    toned = (e.agreement or 0.0) < 0.85 and difference > 6
    # Another ground seldom has the very brightness of this one: then it is this one, recoloured.
    filtered = difference <= 1.5 and (e.agreement or 0.0) >= 0.99 and (e.correlation or 0.0) >= 0.99
    return partly and (toned or ((e.colour or 0.0) > 20 and not filtered))


def _is_the_same_page(e: Evidence) -> bool:
    """Whether a page, a screen or a drawing is the other one, not another of its kind.

    Pages of one kind share letters, which match anywhere, and lines of text look alike from afar:
    what tells is the ink, letter by letter. On copies nearly none of it clashes.
    """
    of_matches, clash = e.inliers / max(e.matches, 1), _clash(e)
    inked = (e.textured or 0.0) >= 0.2 or e.support >= 0.25
    if not inked and _equally_sharp(e):  # a night sky: few stars prove little
        return of_matches >= 0.55 and e.inliers >= _FEW_INLIERS
    if clash <= _CLASH_OF_PAGES / 4:
        return of_matches >= 0.35
    if clash <= _CLASH_OF_PAGES:
        return of_matches >= 0.55
    if of_matches >= _GRAPHIC_MATCHES:
        drawn_over = e.changed >= 0.01 and e.drawn >= 0.85
        return drawn_over or clash <= 3 * _CLASH_OF_COPIES
    return of_matches >= 0.6 and clash <= 1.5 * _CLASH_OF_COPIES and not _equally_sharp(e)


def _clash(e: Evidence) -> float:
    return 1.0 if e.clash is None else e.clash


def _equally_sharp(e: Evidence) -> bool:
    """Whether neither picture is blurred, noisy or enlarged against the other."""
    return (e.detail or 0.0) >= EQUALLY_SHARP


def _overlaid(e: Evidence, t: Thresholds) -> bool:
    """Whether the whole pictures agree coarsely, as their hashes promised."""
    distance = 64 if e.hamming is None else e.hamming
    if distance > t.hamming and not e.inverted:
        return False
    if e.keypoints >= _MANY_KEYPOINTS and _equally_sharp(e) and not e.inverted:
        return False  # a copy's keypoints would have been found: its hash alone proves nothing
    if (e.even or 0.0) >= _GRAPHIC and _clash(e) > 2 * _CLASH_OF_PAGES:
        return False
    textured = (e.textured or 0.0) >= _TEXTURE
    return textured and (e.agreement or 0.0) >= 0.85 and (e.correlation or 0.0) >= 0.9


def _same_scene(e: Evidence, t: Thresholds) -> bool:
    """Whether it is the same scene or object all the same, laid over itself only roughly."""
    return (
        e.method == "keypoints"
        and e.inliers >= 2 * t.inliers
        and e.spread >= 0.4
        and (e.textured or 0.0) >= _TEXTURE
        and ((e.even or 0.0) < _GRAPHIC or e.inliers >= _GRAPHIC_MATCHES * e.matches)
        and max(e.cover_a or 0, e.cover_b or 0) >= 0.5
        and (e.agreement or 0.0) >= 0.35
        and (e.correlation or 0.0) >= 0.35
    )


def near_shot_reason(e: Evidence, a: Facts, b: Facts) -> str:
    """Why the two were taken one after the other rather than made from each other; else "".

    The same thing in another colour counts as such: which of the two is wanted is no accident.
    """
    uneven = (e.residual or 0) > _PARALLAX_RESIDUAL and (e.coherence or 0) > _PARALLAX_COHERENCE
    if uneven and not e.bent:
        return "near things lie elsewhere against far ones: another viewpoint"
    coarsely_same = _COARSELY_SAME if _equally_sharp(e) else _COARSELY_SAME - 0.05
    if is_alike_nowhere(e) and (e.coarse or 0.0) < coarsely_same:
        return "alike everywhere and nowhere the same: another light or moment"
    if e.exchanged >= _EXCHANGED and (e.detail or 0.0) >= _BLURRED:
        return "each shows something that the other doesn't: one went, another came"
    if _is_rephotographed(e):
        return "a part shows something else: somebody moved, came or went"
    two_views = max(e.cover_a or 0, e.cover_b or 0) < 0.93
    if two_views and not (e.framed or _same_exposure(e)):
        return "each shows what the other doesn't: the camera turned"
    if two_views and (e.clash or 0.0) > _CLASH_OF_VIEWS:
        return "each shows what the other doesn't, and what they share differs"
    if e.grain is not None and e.grain < _OTHER_GRAIN:
        return "the noise of the sensor is another one: exposed anew"
    if e.moved >= max(_MOVED, _MOVED_SHARE * e.inliers) and not _is_where_it_was(e):
        return "a part lies elsewhere: the subject moved"
    if (
        (e.recoloured or 0) > _RECOLOURED
        and (e.agreement or 0) >= 0.93
        and not (e.inverted or e.curved)
    ):
        return "a part has another colour"
    times = a.captured_at and b.captured_at and a.captured_at != b.captured_at
    same = (e.ssim or 0) >= 0.985 and (e.agreement or 0) >= 0.995
    return "taken at another time" if times and a.camera == b.camera and not same else ""


def _is_where_it_was(e: Evidence) -> bool:
    """Whether the overlap shows no trace of a thing that left its place."""
    untouched = not (e.changed or e.swapped or e.exchanged)
    return untouched and (e.agreement or 0.0) >= _MOVED_NOWHERE


def _is_rephotographed(e: Evidence) -> bool:
    """Whether a part of the overlap was replaced by something photographic on both sides."""
    if (e.detail or 0.0) < _BLURRED:
        return False  # a blurred edge has another body
    swapped = e.swapped >= max(_SWAPPED, _SWAPPED_OF_CLASH * _clash(e))
    # The larger the body and the more the rest differs too, the plainer it may be.
    relit = (e.flat_difference or 0.0) > _RELIT
    return (
        swapped
        or (e.changed >= _CHANGED / 2 and e.drawn < _DRAWN / 2)
        or (e.changed >= _CHANGED and e.drawn < _DRAWN)
        or (e.changed >= 2 * _CHANGED and relit and e.drawn < _DRAWN_RELIT)
    )


def _same_exposure(e: Evidence) -> bool:
    """Whether the overlap is the very same: two crops of one picture, not a camera that panned."""
    same_tones = abs((e.gain or 1.0) - 1) <= 0.02 and abs(e.shift or 0.0) <= 0.5
    return same_tones and (e.correlation or 0.0) >= 0.999


def _edit(e: Evidence, a: Facts, b: Facts) -> Verdict:
    cover_a, cover_b = e.cover_a or 0.0, e.cover_b or 0.0
    agreement = e.agreement or 0.0
    if min(cover_a, cover_b) < 0.93:
        return Verdict.FRAMED if e.framed else Verdict.CROPPED
    if e.mirrored or abs(e.rotation) > 1.5:
        return Verdict.TURNED
    if e.framed and min(cover_a, cover_b) < 0.98:
        return Verdict.FRAMED
    if agreement < 0.93 and (e.correlation or 0.0) > 0.97:
        return Verdict.FRAMED  # exact but for a part: a caption, a sticker, a watermark
    if _toned(e):
        return Verdict.EDITED
    wide, high = a.width / max(b.width, 1), a.height / max(b.height, 1)
    if max(abs(wide - 1), abs(high - 1)) > 0.01:
        return Verdict.RESIZED
    return Verdict.REENCODED


def _toned(e: Evidence) -> bool:
    gain = abs(e.gain) if e.gain else 1.0
    return (
        e.inverted
        or e.curved
        or not 0.9 < gain < 1.1
        or abs(e.shift or 0.0) > 6
        or (e.colour or 0.0) > 6
        or (e.ssim or 1.0) < 0.9
    )


def similarity(e: Evidence, verdict: Verdict) -> float:
    """How alike the two are where they overlap, 0..1: half structure, half SSIM."""
    if verdict in (Verdict.IDENTICAL_FILE, Verdict.IDENTICAL_PIXELS):
        return 1.0
    if e.ssim is None or e.agreement is None:
        return 0.0
    alike = (min(max(e.ssim, 0.0), 1.0) + e.agreement) / 2
    return min(alike, 0.999)  # 100 % is kept for identical pixels
