"""What can be typed in the dialogue of lines: letters, words, and what may follow them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be typed."""

    letter: str
    """What is typed; the key of `row` where there is one."""
    word: str
    """The same as a word."""
    argument: str
    """What may follow it, as shown in the help."""
    help: str
    row: str = ""
    """The row of the table of keys that does the same on a screen."""


COMMANDS = (
    Command(
        "y", "yes", "", "keep the suggested file, trash the rest; leaves marks", "review.accept"
    ),
    Command("1, 2, …", "keep", "", "keep that file, trash the rest, next group", "review.keep"),
    Command("a", "all", "", "keep all of them, next group", "review.keep_all"),
    Command("x", "distinct", "", "not duplicates: never group these again", "review.distinct"),
    Command("s", "skip", "", "leave it open, next open group", "review.skip"),
    Command("m", "move", "[FOLDER]", "keep the suggested one, move the rest", "review.move_rest"),
    Command("d", "mark", "N", "mark file N for the trash, or unmark it", "review.mark"),
    Command(".", "repeat", "", "the same decision as for the last group", "review.repeat"),
    Command("c", "clear", "", "forget what was decided about this group", "review.clear"),
    Command("u", "undo", "", "undo the last decision", "everywhere.undo"),
    Command("U", "redo", "", "redo what was undone", "everywhere.redo"),
    Command("j", "next", "", "next group, decided or not", "review.next_group"),
    Command("k", "back", "", "the group before", "review.group_before"),
    Command("G", "go", "N", "go to group N of the list", "list.last"),
    Command("i", "facts", "", "all facts about the files, and the evidence", "view.metadata"),
    Command("l", "list", "", "this group and those that follow, a line each"),
    Command("/", "filter", "[TEXT]", "only folders, names, verdicts with it", "groups.filter"),
    Command("t", "verdict", "", "one verdict after the other, then all", "groups.verdict"),
    Command("o", "open", "", "only open groups, or all again", "groups.open_only"),
    Command("n", "near", "", "near shots instead of duplicates, or back", "groups.near"),
    Command("S", "sort", "", "the next order of the list"),
    Command("A", "accept", "", "accept the suggestion for all listed; asks first", "groups.accept"),
    Command("P", "plan", "", "what will happen to which file", "everywhere.plan"),
    Command("!", "apply", "", "do it; asks first", "plan.apply"),
    Command("J", "journal", "", "what was done to files, batch by batch", "everywhere.journal"),
    Command("R", "restore", "[BATCH]", "put the last batch's files back, or that one's"),
    Command("?", "help", "", "this list", "everywhere.help"),
    Command("q", "quit", "", "leave; decisions are kept", "everywhere.back"),
)


def understood(text: str) -> tuple[str, str] | None:
    """The letter of the command that a line begins with, and what follows it; None: no such."""
    letters = {command.letter for command in COMMANDS if len(command.letter) == 1}
    word, _, rest = text.partition(" ")
    if word not in letters and text[0] in "/.!?" and len(text) > 1:
        word, rest = text[0], text[1:]
    by_word = {command.word: command.letter for command in COMMANDS}
    letter = by_word.get(word.lower(), word) if len(word) > 1 else word
    return (letter, rest.strip()) if letter in letters else None


def explained() -> Iterator[str]:
    """All commands, a line each."""
    for command in COMMANDS:
        typed = f"{command.letter} {command.argument}".strip()
        yield f"{typed:<12} {command.word:<9} {command.help}"
    yield "An empty line says the group again. A letter or its word, as you like."
