"""Kills a batch of file actions before every system call that changes a disk, and looks.

    python crash_harness.py SCENARIO FOLDER OTHER_FOLDER [--every-write]

For n = 1, 2, 3, ... a child applies (or undoes) the same batch and is killed with SIGKILL before
its n-th such call (see traced_child); a second child, recovering, is killed as well; then recovery
runs to its end, and the batch is done again. After each death every content must be in a file; at
the end journal, catalog and disk must agree. Prints {"points": n}; dies with an AssertionError
where something is lost.

SQLite writes a transaction to its log in many small pieces. A death before the first one and one
before it is made durable are always tried, those between them with --every-write.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Hashable
from pathlib import Path

import traced_child
from crash_scenarios import Scenario

_LOGGING = "pwrite64"  # SQLite's call; file actions write with `write`


def in_child(work: Callable[[], None], kill_before: int, *, every_write: bool) -> bool:
    """Do work in a child that dies before its n-th point; whether it came to its end."""
    left, last = kill_before, ""

    def is_the_end(call: str) -> bool:
        nonlocal left, last
        counts = every_write or not call == last == _LOGGING
        left, last = left - counts, call
        return left <= 0

    return traced_child.run(work, is_the_end)


def kill_everywhere(scenario: Scenario, *, every_write: bool = False) -> int:
    """Try every point of a scenario; how many there are.

    Raises:
        AssertionError: something is lost, or journal and disk disagree.
    """
    point, finished = 0, False
    seen: set[Hashable] = set()
    while not finished:
        point += 1
        scenario.reset()
        finished = in_child(scenario.run, point, every_write=every_write)
        scenario.check_nothing_lost()
        if scenario.was_cut_off():
            second = 1 + point * 7 % 29  # anywhere; everywhere over the points
            in_child(scenario.recover, second, every_write=every_write)
            scenario.check_nothing_lost()
        scenario.recover()
        scenario.check_nothing_lost()
        outcome = scenario.check_agreement(finished=finished)
        if outcome in seen:
            continue  # what comes of doing it again from here is known
        seen.add(outcome)
        scenario.run()
        scenario.check_nothing_lost()
        scenario.check_agreement(finished=True)
    return point - 1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("folder", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--every-write", action="store_true")
    given = parser.parse_args()
    scenario = Scenario(given.scenario, given.folder, given.other)
    points = kill_everywhere(scenario, every_write=given.every_write)
    sys.stdout.write(json.dumps({"points": points}) + "\n")


if __name__ == "__main__":
    main()
