"""Run twinsift on a labelled set and say what it found, missed and got wrong.

    .venv/bin/python scripts/evaluate.py SET [--against imagehash,imagededup] [--model FILE]
    .venv/bin/python scripts/evaluate.py SET [--beside FOLDER ...] [--candidates-only]

SET is a folder as scripts/make_copies.py makes it: images/ and ground_truth.csv. A copy is found
when it is in one group with its original, or, a collage, listed beside that group; a false pair is
two files that are shown together so and whose labels name different pictures. Candidate recall is
the share of copies that were looked at together with their original at all (by each generator, and
by that alone); verification recall, the share of those that were then found. Pictures beside the
set have no labels: they are indexed and matched with it, and what is in one group with the set's is
listed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from twinsift.catalog.settings import Settings
from twinsift.models.errors import TwinsiftError

import rivals
from labelled import read_truth
from outcome import propose_only, run
from report import candidate_tables, findings, tables


def main() -> int:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", type=Path, metavar="SET")
    parser.add_argument("--against", default="", help="other packages: imagehash,imagededup")
    parser.add_argument("--model", default="", help="ONNX network for embeddings")
    parser.add_argument("--model-output", default="", help="name of the network's output")
    parser.add_argument(
        "--beside", type=Path, nargs="+", default=[], help="folders of other pictures"
    )
    parser.add_argument("--candidates-only", action="store_true", help="compare nothing")
    parser.add_argument("--catalog", type=Path, help="catalog to use and keep (default: temporary)")
    parser.add_argument("--show", type=int, default=3, help="pairs shown of each kind (default 3)")
    args = parser.parse_args()
    settings = Settings()
    if args.model:
        model = replace(settings.index, model=args.model, model_output=args.model_output)
        settings = replace(settings, index=model)
    against = [name for name in args.against.split(",") if name]
    if unknown := set(against) - set(rivals.PACKAGES):
        parser.error(f"no such package to compare with: {', '.join(sorted(unknown))}")
    try:
        truth = read_truth(args.set)
        with tempfile.TemporaryDirectory(prefix="twinsift-evaluate-") as scratch:
            catalog = args.catalog or Path(scratch) / "catalog.db"
            if args.candidates_only:
                proposed = propose_only(args.set, truth, catalog, settings, args.beside)
                lines = candidate_tables(truth, proposed)
            else:
                outcome = run(args.set, truth, catalog, settings, against, args.beside)
                lines = [*tables(truth, outcome), *findings(truth, outcome, args.show)]
    except (ValueError, OSError, TwinsiftError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
