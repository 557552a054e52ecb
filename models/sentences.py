"""What one picture is to the other, in one line of plain words."""

from __future__ import annotations

from .evidence import Evidence, Verdict
from .verdicts import Facts, near_shot_reason

_WHOLE = 0.97  # cover from which a picture lies whole in the other
_TURN = 1.0  # degrees that are told
_OTHER_BRIGHTNESS = 6.0  # grey levels
_OTHER_COLOURS = 12.0  # 8-bit steps of chroma: small crops of vivid pictures differ by half of it
_WEAK_AGREEMENT = 0.9
_FEW_INLIERS = 30


def sentence(e: Evidence, verdict: Verdict, a: Facts | None = None, b: Facts | None = None) -> str:
    """The evidence in one line: "mirrored crop, 52 % of the area; 143 matching points; ...".

    With the files' facts it also says what the files say of themselves: sizes, quality, and why a
    near shot is one.
    """
    if e.method == "digest" or verdict is Verdict.IDENTICAL_FILE:
        return "identical file, byte for byte"
    if verdict is Verdict.IDENTICAL_PIXELS:
        return "identical pixels, other file format or metadata"
    parts = [edit_words(e, verdict)]
    if a is not None and b is not None:
        parts[0] = ", ".join(part for part in (parts[0], _file_words(a, b)) if part)
        if verdict is Verdict.NEAR_SHOT:
            parts.append(near_shot_reason(e, a, b))
    if verdict.is_duplicate:  # before the figures: a narrow window cuts the end off
        parts.append(_weakest(e))
    if e.inliers:
        parts.append(f"{e.inliers:,} matching point{'s' * (e.inliers != 1)}")
    if e.ssim is not None:
        where = " where they overlap" if _cover(e) < _WHOLE else ""
        parts.append(f"SSIM {e.ssim:.2f}{where}")
    if e.hamming is not None:
        parts.append(f"pHash {e.hamming} of 64 bits apart")
    if e.cosine is not None:
        parts.append(f"cosine {e.cosine:.2f}")
    return "; ".join(part for part in parts if part)


def edit_words(e: Evidence, verdict: Verdict) -> str:
    """What was done to make one of the other: "mirrored crop, 52 % of the area, other contrast"."""
    turns = _turn_words(e)
    covered = _cover(e)
    if verdict is Verdict.TURNED:
        words = [*turns] or [str(verdict)]
    elif verdict is Verdict.CROPPED:
        words = [" ".join([*turns, "crop"]), f"{_percent(covered)} of the area"]
    elif verdict is Verdict.FRAMED and covered < _WHOLE:
        words = [str(verdict), f"{_percent(covered)} in common", *turns]
    elif verdict is Verdict.FRAMED and e.agreement is not None:
        words = [str(verdict), f"the same but for {_percent(max(1 - e.agreement, 0.01))}", *turns]
    else:
        words = [str(verdict), *turns]
    if e.bent:
        words.append(f"bent by up to {_percent(max(e.bent, 0.01))} (a lens, a page)")
    return ", ".join([*words, *_tone_words(e, verdict)])


def _turn_words(e: Evidence) -> list[str]:
    words = []
    if e.mirrored:
        words.append("mirrored")
    if abs(e.rotation) >= _TURN:
        words.append(f"rotated {round(abs(e.rotation))}°")
    if e.inverted:
        words.append("inverted")
    return words


def _tone_words(e: Evidence, verdict: Verdict) -> list[str]:
    words = []
    if e.curved:
        words.append("tones along a curve")
    elif verdict is not Verdict.NEAR_SHOT and e.gain and not e.inverted:
        if abs(e.shift or 0.0) > _OTHER_BRIGHTNESS:
            words.append("other brightness")
        if not 0.9 < abs(e.gain) < 1.1:
            words.append("other contrast")
    if (e.colour or 0.0) > _OTHER_COLOURS:
        words.append("other colours")
    return words


def _cover(e: Evidence) -> float:
    return min((c for c in (e.cover_a, e.cover_b) if c is not None), default=1.0)


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _file_words(a: Facts, b: Facts) -> str:
    """How the files differ: "640×480 of 4000×3000, JPEG quality 40 of 92"."""
    words = []
    small, large = sorted((a, b), key=lambda f: f.width * f.height)
    if (small.width, small.height) != (large.width, large.height):
        words.append(f"{small.width}×{small.height} of {large.width}×{large.height}")
    if a.quality and b.quality and a.quality != b.quality:
        low, high = sorted((a.quality, b.quality))
        words.append(f"{a.format} quality {low} of {high}")
    elif a.lossless != b.lossless:
        words.append("re-encoded with loss")
    return ", ".join(words)


def _weakest(e: Evidence) -> str:
    """The measure that speaks for a copy least, where one is weak."""
    if e.agreement is not None and e.agreement < _WEAK_AGREEMENT:
        return f"weakest: {_percent(e.agreement)} of the structure agrees"
    if e.method == "hash":
        return "weakest: no keypoints agree, only the whole picture does"
    if e.method == "keypoints" and e.inliers < _FEW_INLIERS:
        return "weakest: few matching points"
    return ""
