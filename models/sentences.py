"""What one picture is to the other, in one line of plain words."""

from __future__ import annotations

from .evidence import Evidence, Verdict
from .verdicts import Facts, near_shot_reason

_WHOLE = 0.97  # cover from which a picture lies whole in the other
_TURN = 1.5  # degrees that are told
_OTHER_COLOURS = 12.0  # 8-bit steps of chroma: small crops of vivid pictures differ by half of it
_WEAK_AGREEMENT = 0.9
_FEW_INLIERS = 30


def sentence(e: Evidence, verdict: Verdict, a: Facts | None = None, b: Facts | None = None) -> str:
    """The evidence in one line: "crop, 52% of the area, mirrored; 143 of 160 ...".

    With the files' facts it also says what the files say of themselves: sizes and quality.
    """
    if verdict is Verdict.IDENTICAL_FILE:
        return "the same bytes"
    if verdict is Verdict.IDENTICAL_PIXELS:
        return "the same pixels, other metadata or file format"
    parts = [transform_words(e, verdict)]
    if a is not None and b is not None:
        parts[0] = ", ".join(part for part in (parts[0], _file_words(a, b)) if part)
        if verdict is Verdict.NEAR_SHOT:
            parts.append(near_shot_reason(e, a, b))
    if e.inliers:
        parts.append(f"{e.inliers} of {e.matches} keypoint matches agree")
    if e.hamming is not None:
        parts.append(f"{e.hamming} of 64 hash bits differ")
    if e.ssim is not None:
        parts.append(f"SSIM {e.ssim:.2f} where they overlap")
    if e.cosine is not None:
        parts.append(f"embedding {e.cosine:.0%} alike")
    if verdict.is_duplicate:
        parts.append(_weakest(e))
    return "; ".join(part for part in parts if part)


def transform_words(e: Evidence, verdict: Verdict) -> str:
    """What was done to make one of the other: "crop, 52% of the area, mirrored"; may be ""."""
    if e.cover_a is None or e.cover_b is None:
        return ""
    words = []
    less, more = sorted((e.cover_a, e.cover_b))
    if less < _WHOLE <= more:
        framed = verdict is Verdict.FRAMED
        words.append(
            f"fills {less:.0%} of the other" if framed else f"crop, {less:.0%} of the area"
        )
    elif less < _WHOLE:
        words.append(f"{e.cover_a:.0%} of the one and {e.cover_b:.0%} of the other in common")
    elif verdict is Verdict.FRAMED and e.agreement is not None:
        words.append(f"the same but for {max(1 - e.agreement, 0.01):.0%}")
    if e.mirrored:
        words.append("mirrored")
    if abs(e.rotation) > _TURN:
        words.append(f"rotated by {abs(e.rotation):.0f}°")
    if e.bent:
        words.append(f"bent by up to {max(e.bent, 0.01):.0%} (a lens, a page)")
    return ", ".join([*words, *_tone_words(e, verdict)])


def _tone_words(e: Evidence, verdict: Verdict) -> list[str]:
    words = []
    if e.inverted:
        words.append("tones inverted")
    elif verdict is not Verdict.NEAR_SHOT and e.gain:
        if abs(e.shift or 0.0) > 6:
            words.append("other brightness")
        if not 0.9 < abs(e.gain) < 1.1:
            words.append("other contrast")
    if (e.colour or 0.0) > _OTHER_COLOURS:
        words.append("other colours")
    return words


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
        return f"weakest: {e.agreement:.0%} of the structure agrees"
    if e.method == "hash":
        return "weakest: no keypoints agree, only the whole picture does"
    if e.inliers < _FEW_INLIERS:
        return f"weakest: only {e.inliers} keypoints"
    return ""
