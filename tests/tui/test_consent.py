"""Consent on the command line: what each flag covers, and what is asked for all the same."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from twinsift.catalog import regular_file
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Verb
from twinsift.catalog.plan import Plan, PlanItem
from twinsift.models.errors import TwinsiftError
from twinsift.tui.commands_files import carry_out


def item(path: Path, verb: Verb) -> PlanItem:
    """An item about a file of its own."""
    path.write_bytes(bytes(path))
    seen = regular_file.identity_at(bytes(path))
    assert seen is not None
    destination = None if verb is Verb.DELETE else bytes(path.with_name("moved") / path.name)
    digest = b"\0" * 32  # no file has it: whatever is begun is refused, and stays
    return PlanItem(
        1, "", verb, bytes(path), destination, *seen[:1], digest, *seen[1:], b"/", digest, 1
    )


def test_consent_to_deletions_is_no_consent_to_the_rest(tmp_path: Path) -> None:
    items = (item(tmp_path / "a", Verb.DELETE), item(tmp_path / "b", Verb.MOVE))
    plan = Plan("a plan", items, ())
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        for flags, lacks in (((False, 1), "--yes"), ((True, None), "--confirm-delete 1")):
            given = argparse.Namespace(yes=flags[0], confirm_delete=flags[1])
            with pytest.raises(TwinsiftError, match=f"add {lacks}"):
                carry_out(catalog, plan, given)
        assert catalog.connection.execute("SELECT count(*) FROM batch").fetchone() == (0,)
        carry_out(catalog, plan, argparse.Namespace(yes=True, confirm_delete=1))
        assert catalog.connection.execute("SELECT count(*) FROM batch").fetchone() == (1,)
