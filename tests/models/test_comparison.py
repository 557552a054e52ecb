"""Pairs examined from stored features alone: edits recognised, strangers and near shots told."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from twinsift.models.comparison import examine, turned_around
from twinsift.models.evidence import Verdict
from twinsift.models.extract import extract
from twinsift.models.features import ExtractSpec
from twinsift.models.hashes import ORIENTATIONS
from twinsift.models.keypoints import Keypoints
from twinsift.models.orientations import dihedral
from twinsift.models.picture import Picture
from twinsift.models.sentences import sentence
from twinsift.models.verdicts import Facts, Thresholds, judge, similarity

Edit = Callable[[Image.Image], Image.Image]


def looked_at(image: Image.Image, **save) -> tuple[Picture, Facts]:
    stream = io.BytesIO()
    image.save(stream, **(save or {"format": "PNG"}))
    f = extract(stream.getvalue(), ExtractSpec())
    hashes = np.frombuffer(dict(f.hashes)["phash"], ">u8").astype(np.uint64)
    facts = Facts(f.width, f.height, f.format, f.lossless, f.quality, None, None)
    return Picture(Keypoints.unpack(f.keypoints), hashes, f.preview), facts


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


def test_a_scene_exposed_anew_is_a_near_shot_though_nothing_moved(photograph):
    light = cv2.GaussianBlur(np.asarray(photograph(64), np.float32), (0, 0), 0.8)
    light[:200] = np.linspace(120, 170, 640, dtype=np.float32)[None, :, None]  # a sky
    shots = [
        Image.fromarray(
            np.clip(light + np.random.default_rng(s).normal(0, 4, light.shape), 0, 255).astype("u1")
        )
        for s in (1, 2)
    ]
    first, again = (looked_at(shot, format="JPEG", quality=92) for shot in shots)
    assert verdict_of(first, again) is Verdict.NEAR_SHOT
    copy = looked_at(shots[0].resize((600, 450)), format="JPEG", quality=80)
    assert verdict_of(first, copy).is_duplicate


def test_solarised_is_toned_and_a_stranger_follows_no_curve(photograph):
    scenes = [photograph(seed).convert("L") for seed in (57, 58)]
    original, solarised, other = (
        looked_at(grey) for grey in (scenes[0], *(ImageOps.solarize(s, 150) for s in scenes))
    )
    evidence = examine(original[0], solarised[0])
    assert evidence.curved
    assert judge(evidence, original[1], solarised[1], Thresholds()) is Verdict.EDITED
    assert not examine(original[0], other[0]).curved


def test_a_lens_and_a_curled_page_are_edits_that_a_bend_explains(photograph):
    original = photograph(54)
    x, y = np.meshgrid(np.arange(640, dtype=np.float32), np.arange(480, dtype=np.float32))
    u, v = (x - 320) / 320, (y - 240) / 320
    barrel = 1 + 0.06 * (u * u + v * v)
    bends = {
        "lens": (320 + 320 * u * barrel, 240 + 320 * v * barrel),
        "page": (x, y + 14 * np.sin(np.pi * x / 640) * (1 - y / 240)),
    }
    before = looked_at(original)
    for name, (to_x, to_y) in bends.items():
        after = cv2.remap(
            np.asarray(original), to_x.astype(np.float32), to_y.astype(np.float32), cv2.INTER_LINEAR
        )
        looked = looked_at(Image.fromarray(after))
        evidence = examine(before[0], looked[0])
        assert evidence.bent > 0.005, name
        assert evidence.agreement is not None, name
        assert evidence.agreement > 0.95, name
        assert judge(evidence, before[1], looked[1], Thresholds()).is_duplicate, name


def test_somebody_small_who_went_by_is_a_near_shot_and_a_line_of_text_is_none(photograph):
    street = photograph(64)
    first, second = street.copy(), street.copy()
    for number, (there, here) in enumerate((((90, 250), (170, 250)), ((420, 180), (330, 190)))):
        body = photograph(70 + number, 60, 110)
        first.paste(body, there)
        second.paste(body, here)
    assert verdict_of(looked_at(first), looked_at(second)) is Verdict.NEAR_SHOT
    written = street.copy()
    draw = ImageDraw.Draw(written)
    for line in range(4):
        draw.text((60, 300 + 34 * line), "A day at the sea, 1987", "white", font_size=30)
    assert verdict_of(looked_at(street), looked_at(written)).is_duplicate


def test_swapped_channels_are_an_edit_and_another_colour_of_a_thing_is_none(photograph):
    scene = photograph(65)
    r, g, b = scene.split()
    swapped = Image.merge("RGB", (b, g, r))
    assert verdict_of(looked_at(scene), looked_at(swapped)) is Verdict.EDITED
    table = Image.fromarray(np.asarray(photograph(66).convert("L").convert("RGB")))
    red, blue = table.copy(), table.copy()
    shape = np.zeros((480, 640), np.float32)
    cv2.ellipse(shape, (320, 240), (120, 150), 0, 0, 360, 1.0, -1)
    for picture, tint in ((red, (1.25, 0.55, 0.55)), (blue, (0.55, 0.75, 1.3))):
        toned = np.asarray(table, np.float32) * np.array(tint, np.float32)
        mixed = np.where(shape[:, :, None] > 0, toned, np.asarray(table))
        picture.paste(Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8)))
    assert verdict_of(looked_at(red), looked_at(blue)) is Verdict.NEAR_SHOT


def test_certificates_that_differ_by_a_name_are_no_copies():
    def certificate(name: str) -> Image.Image:
        paper = Image.new("RGB", (900, 640), "#fffdf4")
        draw = ImageDraw.Draw(paper)
        for k in range(4):
            draw.rectangle((20 + 8 * k, 20 + 8 * k, 879 - 8 * k, 619 - 8 * k), None, "#8a6d1d", 3)
        draw.text((200, 90), "Certificate of Attendance", "#5b4a12", font_size=42)
        draw.text((330, 180), "This is to certify that", "black", font_size=22)
        draw.text((250, 250), name, "#1f3a5f", font_size=46)
        draw.text((190, 350), "has completed the course in first aid", "black", font_size=26)
        draw.text((300, 400), "Northport Rescue Society", "black", font_size=24)
        draw.ellipse((400, 470, 500, 570), "#b03a2e", "#8a6d1d", 4)
        return paper

    one, other = certificate("Anna Wintergreen"), certificate("Robert Calloway")
    assert not verdict_of(looked_at(one), looked_at(other)).is_duplicate
    again = looked_at(one, format="JPEG", quality=50)
    assert verdict_of(looked_at(one), again).is_duplicate


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
    assert text.startswith("mirrored crop, ")
    assert "matching points" in text
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
