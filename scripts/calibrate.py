"""Fit the weights of models/calibration.py, and say how well the estimates hold.

    .venv/bin/python scripts/calibrate.py SET=CATALOG... --check SET=CATALOG...

SET is a labelled set and CATALOG the one that scripts/evaluate.py kept of it. Every judged pair of
a copy and its original, and of two different pictures, is one example; the former and the latter
weigh the same together. The sets after --check are only looked at: their pairs are counted by the
estimate that they get.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from twinsift.models.calibration import features, probability
from twinsift.models.evidence import Evidence, Verdict

from labelled import ORIGINAL, Row, read_truth

_PENALTY = 3.0  # of the squared weights: sets of a few thousand pairs prove no certainty
_BINS = (0.0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 1.0)


@dataclass(frozen=True, slots=True)
class Example:
    """One judged pair: what was measured, what was said, and whether it is a copy."""

    evidence: Evidence
    verdict: Verdict
    is_copy: bool


def examples(folder: Path, catalog: Path) -> Iterator[Example]:
    """The judged pairs of a labelled set, as its kept catalog has them."""
    truth = read_truth(folder)
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as opened:
        names: dict[int, str] = {}
        for content, path in opened.execute("SELECT content_id, path FROM file"):
            name = path.decode("utf-8", "surrogateescape").rsplit("/", 1)[-1]
            row = truth.get(name)
            if row is not None and (content not in names or row.transform == ORIGINAL):
                names[content] = name
        rows = opened.execute(
            "SELECT a_id, b_id, verdict, evidence FROM pair WHERE method = 'evidence'"
        )
        for a, b, verdict, evidence in rows:
            if a not in names or b not in names:
                continue
            label = _label(truth[names[a]], truth[names[b]])
            measured = Evidence.from_json(evidence)
            if label is not None and measured.method in ("keypoints", "hash", ""):
                yield Example(measured, Verdict(verdict), label)


def _label(a: Row, b: Row) -> bool | None:
    """Whether the pair is a copy; None for two copies, which may share no part of the original."""
    if not a.groups & b.groups:
        return False
    return True if ORIGINAL in (a.transform, b.transform) else None


def fit(those: Sequence[Example]) -> dict[str, float]:
    """Weights of a logistic regression with squared penalty, none below 0 but the constant.

    Every feature speaks for a copy the larger it is; one that would count the other way round
    (because another says the same) is left out.
    """
    names = list(features(those[0].evidence))
    x = np.array([list(features(e.evidence).values()) for e in those])
    y = np.array([e.is_copy for e in those], float)
    used = np.ones(len(names), bool)
    while True:
        beta = np.zeros(len(names))
        beta[used] = _newton(x[:, used], y)
        worst = int(np.argmin(beta[1:])) + 1
        if beta[worst] >= 0:
            return {name: round(float(value), 3) for name, value in zip(names, beta, strict=True)}
        used[worst] = False


def _newton(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = np.where(y > 0, 0.5 / max(y.mean(), 1e-9), 0.5 / max(1 - y.mean(), 1e-9))
    ridge = _PENALTY * np.eye(x.shape[1])
    ridge[0, 0] = 1e-6
    beta = np.zeros(x.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        curve = weight * p * (1 - p)
        step = np.linalg.solve(
            x.T @ (x * curve[:, None]) + ridge, x.T @ (weight * (y - p)) - ridge @ beta
        )
        beta += step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-9))
    return beta


def table(title: str, those: Iterable[Example]) -> list[str]:
    """How many pairs of each estimate are copies, and the same for what was called a duplicate."""
    found = [(probability(e.evidence) or 0.0, e) for e in those]
    lines = [f"{title}: {len(found)} pairs", "estimate        pairs   copies  mean estimate"]
    for low, high in pairwise(_BINS):
        inside = [(p, e) for p, e in found if low <= p < high or (high == 1.0 and p == 1.0)]
        if inside:
            copies = sum(e.is_copy for _, e in inside)
            mean = float(np.mean([p for p, _ in inside]))
            share = copies / len(inside)
            lines.append(f"{low:5.3f} – {high:5.3f}  {len(inside):6}  {share:6.1%}  {mean:6.1%}")
    said = [(p, e) for p, e in found if e.verdict.is_duplicate]
    false = sum(not e.is_copy for _, e in said)
    expected = sum(1 - p for p, _ in said)
    lines.append(f"called duplicates: {len(said)}, false {false}, expected false {expected:.1f}")
    return lines


def _sets(texts: Sequence[str]) -> list[Example]:
    found: list[Example] = []
    for text in texts:
        folder, _, catalog = text.partition("=")
        found += examples(Path(folder), Path(catalog))
    return found


def main() -> int:
    """Read the command line, fit, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="+", metavar="SET=CATALOG")
    parser.add_argument("--check", nargs="*", default=[], metavar="SET=CATALOG")
    args = parser.parse_args()
    try:
        fitted, checked = _sets(args.sets), _sets(args.check)
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"calibrate: {error}", file=sys.stderr)
        return 2
    for name, wanted in (("_KEYPOINTS", "keypoints"), ("_HASH", "hash")):
        those = [e for e in fitted if e.evidence.method == wanted]
        print(f"{name} = {{")
        print("\n".join(f'    "{key}": {value},' for key, value in fit(those).items()))
        print("}")
    print("\nwith the weights in models/calibration.py:")
    print("\n".join(table("fitted", fitted)))
    print("\n".join(table("checked", checked)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
