"""Candidate joins against brute force: Hamming, cosine, visual words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from twinsift.catalog import cosine, hamming, words
from twinsift.models.hashes import phashes


def clustered(seed: int, count: int, flips: int = 12) -> np.ndarray:
    """Random hashes, some of them a few bits from others."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    for i in range(0, count, 3):
        near = hashes[rng.integers(0, count)]
        for bit in rng.choice(64, rng.integers(0, flips + 1), replace=False):
            near ^= np.uint64(1) << np.uint64(bit)
        hashes[i] = near
    return hashes


def pairs_of(found) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for i, j in found for a, b in zip(i, j, strict=True)]


def brute(a: np.ndarray, b: np.ndarray, radius: int) -> set[tuple[int, int]]:
    return set(zip(*np.nonzero(np.bitwise_count(a[:, None] ^ b[None]) <= radius), strict=True))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 90),
    m=st.integers(0, 90),
    radius=st.integers(0, 16),
    layers=st.sampled_from([None, 0, 1, 32]),
)
def test_the_hamming_join_is_exact_and_tells_each_pair_once(seed, n, m, radius, layers):
    hashes = clustered(seed, n + m)
    a, b = hashes[:n], hashes[n:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hamming, "_SMALL", 70)
        if layers is not None:  # through the bands, in small chunks
            patch.setattr(hamming, "_SMALL", -1)
            patch.setattr(hamming, "_HANDFUL", 0)
            patch.setattr(hamming, "_LAYERS", layers)
            patch.setattr(hamming, "_BLOCK", 13)
            patch.setattr(hamming, "_CHUNK", 37)
        found = pairs_of(hamming.join(a, b, radius))
    assert len(found) == len(set(found))
    assert set(found) == brute(a, b, radius)


def test_the_bands_find_what_brute_force_finds_among_thousands():
    hashes = clustered(5, 6000)
    found = pairs_of(hamming.join(hashes, hashes, 10))
    assert len(found) == len(set(found))
    assert set(found) == brute(hashes, hashes, 10)


def test_a_crowd_in_one_bucket_is_paired_whatever_its_depth(monkeypatch):
    monkeypatch.setattr(hamming, "_SMALL", -1)
    monkeypatch.setattr(hamming, "_LAYERS", 3)
    hashes = clustered(6, 700)
    hashes[::9] = hashes[0] & np.uint64(0xFFFF) | hashes[::9] & ~np.uint64(0xFFFF)
    found = pairs_of(hamming.join(hashes[:500], hashes[200:], 10))
    assert len(found) == len(set(found))
    assert set(found) == brute(hashes[:500], hashes[200:], 10)


def test_a_few_among_many_are_looked_up_without_tables(monkeypatch):
    monkeypatch.setattr(hamming, "_SMALL", -1)
    hashes = clustered(9, 4000)
    few = hashes[:300] ^ np.uint64(0b1001)
    found = pairs_of(hamming.join(hashes, few, 10))
    assert len(found) == len(set(found))
    assert set(found) == brute(hashes, few, 10)


def oriented(plain: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """Hashes in 8 orientations: a group, so that turning one is undone by turning the other."""
    return np.stack([plain if o % 2 == 0 else turned for o in range(8)], axis=1)


@pytest.mark.parametrize("inverted", [False, True])
def test_mirrored_and_inverted_pictures_are_proposed(inverted):
    rng = np.random.default_rng(2)
    plain = rng.integers(0, 2**64, 50, dtype=np.uint64)
    turned = rng.integers(0, 2**64, 50, dtype=np.uint64)
    hashes = oriented(plain, turned)
    copy = np.roll(hashes[7], 1) ^ np.uint64(0b101)  # picture 7 mirrored, two bits off
    hashes = np.vstack([hashes, ~copy if inverted else copy])
    found = set(pairs_of(hamming.join_oriented(hashes, 4, inverted=inverted)))
    assert found == {(7, 50)}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), inverted=st.booleans(), radius=st.integers(0, 12))
def test_what_is_new_finds_all_its_pairs_and_no_others(seed, inverted, radius):
    rng = np.random.default_rng(seed)
    pictures = rng.normal(0, 40, (60, 32, 32))
    for i in range(0, 60, 3):  # copies of others, turned and noisy, some inverted
        turned = np.rot90(pictures[i + 1], int(rng.integers(0, 4)))
        pictures[i] = turned * rng.choice([-1, 1]) + rng.normal(0, 8, (32, 32))
    grey = np.clip(pictures + 128, 0, 255).astype(np.uint8)
    packed = b"".join(phashes(Image.fromarray(g)) for g in grey)
    hashes = np.frombuffer(packed, ">u8").astype(np.uint64).reshape(-1, 8)
    new = rng.random(60) < 0.2
    every = set(pairs_of(hamming.join_oriented(hashes, radius, inverted=inverted)))
    some = set(pairs_of(hamming.join_oriented(hashes, radius, inverted=inverted, new=new)))
    assert {p for p in some if new[list(p)].any()} == {p for p in every if new[list(p)].any()}


def test_a_heap_of_equal_hashes_stays_linear():
    hashes = oriented(np.full(5000, 42, np.uint64), np.full(5000, 43, np.uint64))
    found = set(pairs_of(hamming.join_oriented(hashes, 10)))
    assert len(found) < 5000 * 30
    assert {i for pair in found for i in pair} == set(range(5000))  # all are linked all the same
    assert all(i < j for i, j in found)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(0, 60),
    length=st.sampled_from([16, 300]),  # long ones are bounded by their principal components
    minimum=st.floats(0.2, 0.99),
)
def test_the_cosine_join_is_exact_over_blocks(seed, count, length, minimum):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, length))
    x[count // 2 :] = x[: count - count // 2] + 0.3 * x[count // 2 :]
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosine, "_FEW", 0)
        patch.setattr(cosine, "_BLOCK", 17)
        patch.setattr(cosine, "_BOUNDED", 5)
        patch.setattr(cosine, "_CHECKED", 3)
        found = [
            (int(i), int(j))
            for a, b, _ in cosine.join(x, minimum)
            for i, j in zip(a, b, strict=True)
        ]
    product = x.astype(np.float32) @ x.astype(np.float32).T
    sure = {(i, j) for i, j in zip(*np.nonzero(product > minimum + 1e-5), strict=True) if i < j}
    maybe = {(i, j) for i, j in zip(*np.nonzero(product > minimum - 1e-5), strict=True) if i < j}
    assert len(found) == len(set(found))
    assert sure <= set(found) <= maybe


@pytest.fixture(scope="module")
def descriptors() -> list[np.ndarray]:
    """40 pictures of 60 descriptors; 10..19 share half of theirs with 0..9, a little changed."""
    rng = np.random.default_rng(8)
    pictures = [rng.integers(0, 120, (60, 128)).astype(np.uint8) for _ in range(40)]
    for k in range(10):
        shared = pictures[k][:30].astype(int) + rng.integers(-3, 4, (30, 128))
        pictures[10 + k][:30] = np.clip(shared, 0, 255)
    return pictures


def test_pictures_that_share_descriptors_are_proposed_first(descriptors):
    vocabulary = words.learn(np.concatenate(descriptors))
    assigned = [vocabulary.assign(d).astype(np.uint16) for d in descriptors]
    best = {
        i: int(found[0])
        for i, found, _ in words.Index(assigned, vocabulary.size).propose(assigned, neighbours=3)
        if len(found)
    }
    assert [best[k] for k in range(10)] == [10 + k for k in range(10)]
    assert [best[10 + k] for k in range(10)] == list(range(10))


def test_a_crowd_of_copies_leaves_room_for_what_else_is_on_a_collage():
    """Picture 0 shares a third of its words with each of three pictures that have 24 copies."""
    rng = np.random.default_rng(3)
    shown = [rng.choice(20000, 60, replace=False) for _ in range(3)]
    pictures = [np.concatenate(shown)]
    for part in shown:
        for _ in range(24):
            kept = rng.choice(part, 50, replace=False)
            pictures.append(np.concatenate([kept, rng.choice(20000, 60)]))
    pictures += [rng.choice(20000, 120) for _ in range(100)]
    # The first part's copies share more with the collage than the others' do.
    pictures[1:25] = [shown[0][:59] for _ in range(24)]
    assigned = [p.astype(np.uint16) for p in pictures]
    only = np.zeros(len(assigned), bool)
    only[0] = True
    ((_, near, _),) = words.Index(assigned, 20000).propose(assigned, neighbours=24, only=only)
    assert len(near) == len(set(near.tolist())) == 24
    assert {int(i - 1) // 24 for i in near if i <= 72} == {0, 1, 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_CROWDED", 10**6)
        ((_, near, _),) = words.Index(assigned, 20000).propose(assigned, neighbours=24, only=only)
        assert {int(i - 1) // 24 for i in near if i <= 72} == {0}


def test_only_the_asked_for_are_looked_up(descriptors):
    vocabulary = words.learn(np.concatenate(descriptors))
    assigned = [vocabulary.assign(d).astype(np.uint16) for d in descriptors]
    only = np.zeros(40, bool)
    only[[3, 5]] = True
    found = words.Index(assigned, vocabulary.size).propose(assigned, neighbours=2, only=only)
    assert [i for i, _, _ in found] == [3, 5]


def test_a_vocabulary_is_the_same_when_learnt_again_and_when_stored(descriptors):
    sample = np.concatenate(descriptors)
    first, again = words.learn(sample), words.learn(sample)
    stored = words.Vocabulary.from_bytes(first.to_bytes())
    for other in (again, stored):
        assert (first.assign(sample) == other.assign(sample)).all()
    assert first.assign(sample).max() < first.size <= 65536


def test_nothing_is_proposed_where_there_is_nothing():
    empty = [np.zeros(0, np.uint16)] * 3
    assert all(
        len(found) == 0 for _, found, _ in words.Index(empty, 16).propose(empty, neighbours=2)
    )
    assert list(words.Index([], 16).propose([], neighbours=2)) == []
    assert words.learn(np.zeros((1, 128), np.uint8)).assign(np.zeros((0, 128), np.uint8)).size == 0
