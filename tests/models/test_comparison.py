"""Pairs examined from stored features alone: edits recognised, strangers and near shots told."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from twinsift.models.comparison import Picture, dihedral, examine, turned_around
from twinsift.models.evidence import Verdict
from twinsift.models.extract import ExtractSpec, extract
from twinsift.models.hashes import ORIENTATIONS
from twinsift.models.verdicts import Facts, Thresholds, judge, sentence, similarity

Edit = Callable[[Image.Image], Image.Image]


def looked_at(image: Image.Image, **save) -> tuple[Picture, Facts]:
    stream = io.BytesIO()
    image.save(stream, **(save or {"format": "PNG"}))
    f = extract(stream.getvalue(), ExtractSpec())
    hashes = np.frombuffer(dict(f.hashes)["phash"], ">u8").astype(np.uint64)
    facts = Facts(f.width, f.height, f.format, f.lossless, f.quality, None, None)
    return Picture(f.keypoints, hashes, f.preview), facts


def verdict_of(a: tuple[Picture, Facts], b: tuple[Picture, Facts]) -> Verdict:
    return judge(examine(a[0], b[0]), a[1], b[1], Thresholds())


def cropped(share: float) -> Edit:
    def edit(image: Image.Image) -> Image.Image:
        w, h = image.size
        side = share**0.5
        x, y = round(w * (1 - side) * 0.6), round(h * (1 - side) * 0.3)
        return image.crop((x, y, x + round(w * side), y + round(h * side)))

    return edit


def captioned(image: Image.Image) -> Image.Image:
    framed = ImageOps.expand(image, (0, 0, 0, 70), "white")
    draw = ImageDraw.Draw(framed)
    for line in range(3):
        draw.text((20, image.height + 8 + 18 * line), "A day at the sea, 1987 " * 3, "black")
    return framed


def noisy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(4).normal(0, 30, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def stickered(image: Image.Image) -> Image.Image:
    copy = image.copy()
    w, h = copy.size
    ImageDraw.Draw(copy).ellipse((w // 3, h // 3, w * 3 // 4, h * 3 // 4), "magenta")
    return copy


EDITS: dict[str, tuple[Edit, set[Verdict]]] = {
    "half size": (lambda i: i.resize((320, 240)), {Verdict.RESIZED}),
    "thumbnail": (lambda i: i.resize((96, 72)), {Verdict.RESIZED, Verdict.EDITED}),
    "brighter": (lambda i: i.point([min(255, v + 40) for v in range(256)] * 3), {Verdict.EDITED}),
    "grey": (lambda i: i.convert("L").convert("RGB"), {Verdict.EDITED}),
    "inverted": (ImageOps.invert, {Verdict.EDITED}),
    "blurred": (lambda i: i.filter(ImageFilter.GaussianBlur(5)), {Verdict.EDITED}),
    "noisy": (noisy, {Verdict.EDITED, Verdict.REENCODED}),
    "mirrored": (ImageOps.mirror, {Verdict.TURNED}),
    "upside down": (lambda i: i.rotate(180), {Verdict.TURNED}),
    "quarter turn": (lambda i: i.rotate(90, expand=True), {Verdict.TURNED}),
    "crop of 75 %": (cropped(0.75), {Verdict.CROPPED}),
    "crop of 30 %": (cropped(0.3), {Verdict.CROPPED}),
    "border": (lambda i: ImageOps.expand(i, 60, "black"), {Verdict.FRAMED}),
    "caption": (captioned, {Verdict.FRAMED, Verdict.CROPPED}),
    "sticker": (stickered, {Verdict.FRAMED}),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_copy_is_recognised_for_what_it_is(photograph, name):
    edit, expected = EDITS[name]
    original = photograph(51)
    a, b = looked_at(original), looked_at(edit(original))
    for first, second in ((a, b), (b, a)):
        assert verdict_of(first, second) in expected


def test_recompression_is_recognised(photograph):
    original = photograph(52)
    a, b = looked_at(original), looked_at(original, format="JPEG", quality=60)
    assert verdict_of(a, b) is Verdict.REENCODED


def test_a_crop_of_an_object_on_an_even_ground_is_no_frame(photograph):
    night = Image.new("RGB", (640, 480), (6, 6, 9))
    moon = photograph(58, 300, 300)
    mask = Image.new("L", moon.size)
    ImageDraw.Draw(mask).ellipse((0, 0, 299, 299), 255)
    night.paste(moon, (170, 90), mask)
    crop = night.crop((120, 50, 520, 430))
    assert verdict_of(looked_at(night), looked_at(crop)) is Verdict.CROPPED
    assert verdict_of(looked_at(crop), looked_at(night)) is Verdict.CROPPED


def test_strangers_are_unrelated_even_with_the_same_caption(photograph):
    pictures = [looked_at(captioned(photograph(seed))) for seed in range(60, 66)]
    for i, a in enumerate(pictures):
        for b in pictures[:i]:
            assert verdict_of(a, b) is Verdict.UNRELATED


def test_flat_pictures_are_not_told_apart_and_so_unrelated():
    black = looked_at(Image.new("RGB", (640, 480)))
    dark = looked_at(Image.new("RGB", (800, 600), (2, 1, 0)))
    assert verdict_of(black, dark) is Verdict.UNRELATED


def test_a_step_aside_is_a_near_shot(photograph):
    original = photograph(53)
    x, y = np.meshgrid(np.arange(640, dtype=np.float32), np.arange(480, dtype=np.float32))
    depth = 7 * np.sin(x / 70) * np.cos(y / 60)
    step = cv2.remap(
        np.asarray(original), x + depth, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    assert verdict_of(looked_at(original), looked_at(Image.fromarray(step))) is Verdict.NEAR_SHOT


def test_another_person_before_the_same_ground_is_a_near_shot(photograph):
    ground, person, other = photograph(61), photograph(62, 220, 300), photograph(63, 220, 300)
    first, second = ground.copy(), ground.copy()
    first.paste(person, (200, 120))
    second.paste(other, (210, 130))
    assert verdict_of(looked_at(first), looked_at(second)) is Verdict.NEAR_SHOT


def page(text: str) -> Image.Image:
    """A page with a letterhead: what two letters of one sender share."""
    sheet = Image.new("RGB", (620, 877), "white")
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((40, 30, 580, 90), outline="navy", width=3)
    draw.text((60, 45), "Harbour and Sons, Shipping Agents since 1887", "navy", font_size=22)
    draw.text((60, 840), "Harbour and Sons - Quay 4 - Tel. 555 0100 - page 1 of 1", "grey")
    rng = np.random.default_rng(sum(map(ord, text)))
    for line in range(26):
        words = ["".join(rng.choice(list("abcdefghiklmnoprstu"), 6)) for _ in range(9)]
        draw.text((60, 150 + 25 * line), " ".join(words), "black", font_size=14)
    return sheet


def test_letters_of_one_sender_are_unrelated_and_a_scan_of_one_is_a_copy():
    letters = [looked_at(page(name)) for name in ("offer", "bill", "reminder")]
    for i, a in enumerate(letters):
        for b in letters[:i]:
            assert verdict_of(a, b) is Verdict.UNRELATED
    scan = looked_at(page("offer").rotate(1.2, fillcolor="white"), format="JPEG", quality=70)
    assert verdict_of(letters[0], scan).is_duplicate


def test_two_capture_times_make_a_near_shot(photograph):
    original = photograph(54)
    (a, facts), (b, other) = looked_at(original), looked_at(noisy(original))
    first, second = (
        Facts(f.width, f.height, f.format, f.lossless, f.quality, time, "Acme One")
        for f, time in ((facts, "2020-05-01 10:00:00"), (other, "2020-05-01 10:00:02"))
    )
    assert judge(examine(a, b), first, second, Thresholds()) is Verdict.NEAR_SHOT


@pytest.mark.parametrize("index", range(8))
def test_each_orientation_maps_pixel_to_pixel(photograph, index):
    b = photograph(55, 320, 200).convert("L")
    turn = ORIENTATIONS[index]
    a = b if turn is None else b.transpose(turn)
    transform = dihedral(index, *a.size, *b.size)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    put = cv2.warpPerspective(np.asarray(b), transform, a.size, flags=flags)
    assert (put == np.asarray(a)).all()


def test_the_sentence_says_what_was_found(photograph):
    original = photograph(56)
    (a, fa), (b, fb) = looked_at(original), looked_at(ImageOps.mirror(cropped(0.5)(original)))
    evidence = examine(a, b)
    verdict = judge(evidence, fa, fb, Thresholds())
    text = sentence(evidence, verdict)
    assert text.startswith("mirrored")
    assert "keypoint matches agree" in text
    assert "SSIM" in text
    assert 0.9 < similarity(evidence, verdict) < 1


@pytest.mark.parametrize(
    "edit",
    [
        ImageOps.mirror,
        cropped(0.5),
        lambda i: i.rotate(90, expand=True).resize((300, 400)),
        lambda i: i.rotate(20),
        lambda i: i.transpose(Image.Transpose.TRANSVERSE),
        lambda i: i.point(lambda v: v * 0.7 + 20),
    ],
)
def test_evidence_turned_around_is_that_of_the_pair_turned_around(photograph, edit):
    original = photograph(57)
    (a, _), (b, _) = looked_at(original), looked_at(edit(original))
    turned, other = turned_around(examine(a, b)), examine(b, a)
    assert turned.hamming == pytest.approx(other.hamming, abs=4)
    assert (turned.rotation - other.rotation + 180) % 360 - 180 == pytest.approx(0, abs=1)
    for name in ("scale", "cover_a", "cover_b", "gain"):
        assert getattr(turned, name) == pytest.approx(getattr(other, name), rel=0.05), name
    assert turned.shift == pytest.approx(other.shift, abs=3)
    points = np.array([[[60.0, 60], [200, 90], [120, 200]]])
    put, meant = (
        cv2.perspectiveTransform(points, np.reshape(e.transform or (), (3, 3)))
        for e in (turned, other)
    )
    assert np.abs(put - meant).max() < 3
