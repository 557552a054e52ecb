"""Every key of the interface in one table, from which bindings, key bar and help are made.

Only what any terminal sends over SSH and tmux is used for what matters: printable keys, Enter, Tab,
Space and arrows. Keys with Ctrl and the paging keys only ever double another one.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

_IDS = {
    "place('library')": "library", "place('plan')": "plan", "place('journal')": "journal",
    "place('find')": "find", "plan('trash')": "trash", "plan('move')": "move",
    "pan(-1,0)": "left", "pan(1,0)": "right", "pan(0,1)": "down", "pan(0,-1)": "up",
    "shift(-1)": "earlier", "shift(1)": "later",
    "widen(-5)": "less_like", "widen(5)": "more_like",
    "move(1)": "down", "move(-1)": "up", "page(1)": "page_down", "page(-1)": "page_up",
    "file(1)": "next_file", "file(-1)": "file_before",
    "step(1)": "next_group", "step(-1)": "group_before",
    "answer(True)": "yes", "answer(False)": "no",
    "scroll(1)": "down", "scroll(-1)": "up", "scroll(8)": "page_down", "scroll(-8)": "page_up",
}  # fmt: skip
"""Ids of the rows whose action takes something: several have its name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table."""

    keys: str
    """Textual's names of the keys, separated by commas."""
    shown: str
    """The keys as a person reads them."""
    action: str
    """The action; `{key}` in it stands for the key that was pressed."""
    label: str
    """One or two words for the key bar."""
    help: str
    """One line for the help screen."""
    rank: int = 0
    """Place in the queue for the key bar's room, 1 first; 0: not in the bar."""

    @property
    def id(self) -> str:
        """The row's id within its place; the settings know it as in `review.keep_all`."""
        return _IDS.get(self.action, self.name)

    @property
    def is_fixed(self) -> bool:
        """Whether the row's keys say what they do (digits), so that no others can."""
        return "{key}" in self.action

    @property
    def name(self) -> str:
        """The action without its argument."""
        return self.action.partition("(")[0]


_DIGITS = "1,2,3,4,5,6,7,8,9"

KEYS: dict[str, tuple[Key, ...]] = {
    "everywhere": (
        Key("question_mark", "?", "help", "keys", "the keys of this screen", 1),
        Key("tab", "Tab", "next_place", "next", "library, groups, find, plan, journal"),
        Key("L", "L", "place('library')", "library", "go to the library: folders, indexing", 0),
        Key("F", "F", "place('find')", "find", "go to find: pictures like a picture"),
        Key("P", "P", "place('plan')", "plan", "go to the plan: what will happen to files", 4),
        Key("J", "J", "place('journal')", "journal", "go to the journal: what was done", 0),
        Key("u", "u", "undo", "undo", "undo the last decision", 3),
        Key("U,ctrl+r", "U", "redo", "redo", "redo what was undone"),
        Key("p", "p", "pause", "pause", "pause indexing and matching, or go on with it"),
        Key("K", "K", "keep_rules", "rules", "the rules for ★: which file is suggested to be kept"),
        Key("T", "T", "next_theme", "theme", "dark, light, high contrast colours in turn"),
        Key("colon,ctrl+p", ":", "command_palette", "commands", "search all commands by name"),
        Key("q", "q", "back", "back", "back; from the groups: leave (decisions are kept)", 2),
    ),
    "list": (
        Key("j,down", "j ↓", "move(1)", "down", "one row down (a number before it: that many)"),
        Key("k,up", "k ↑", "move(-1)", "up", "one row up"),
        Key("ctrl+d,pagedown", "Ctrl-d", "page(1)", "page down", "half a screen down"),
        Key("ctrl+u,pageup", "Ctrl-u", "page(-1)", "page up", "half a screen up"),
        Key("g,home", "g", "first", "first", "first row"),
        Key("G,end", "G", "last", "last", "last row, or the row of the number before it"),
        Key("0," + _DIGITS, "0–9", "digit({key})", "count", "a count for the next motion"),
    ),
    "groups": (
        Key("enter", "Enter", "choose", "review", "review the group under the cursor", 1),
        Key("space", "Space", "mark", "mark", "mark the group and go one down", 6),
        Key("v", "v", "range", "range", "mark from here; again: up to here"),
        Key("A", "A", "accept", "accept", "accept ★ for all shown or marked; totals first", 2),
        Key("x", "x", "distinct", "not dup", "not duplicates: never group these again", 7),
        Key("s", "s", "sort", "sort", "sort by bytes freed, similarity, files, folder", 8),
        Key("t", "t", "verdict", "verdict", "show one verdict after the other, then all", 9),
        Key("o", "o", "open_only", "open", "hide what is decided, or show all again", 10),
        Key("n", "n", "near", "near shots", "switch between duplicates and near shots", 11),
        Key("slash", "/", "filter", "filter", "filter by folder, name, verdict as you type", 6),
    ),
    "review": (
        Key("enter", "Enter", "accept", "keep ★", "keep ★ and trash the rest, next group", 1),
        Key(_DIGITS, "1–9", "keep({key})", "keep", "keep that file, trash the rest", 2),
        Key("a", "a", "keep_all", "all", "keep all of them, next group", 5),
        Key("x", "x", "distinct", "not dup", "not duplicates: never group these again", 6),
        Key("s", "s", "skip", "skip", "leave it open, next open group", 6),
        Key("m", "m", "move_rest", "move", "keep ★ and move the rest to a folder", 7),
        Key("M", "M", "move_rest_to", "move to", "the same, and ask for the folder again"),
        Key("d", "d", "mark", "mark", "mark this file for the trash, or unmark it", 4),
        Key("full_stop", ".", "repeat", "repeat", "the same decision as for the last group", 9),
        Key("C", "C", "collage", "collage", "★ beside a collage that it is seen in too"),
        Key("c", "c", "clear", "clear", "forget what was decided about this group"),
        Key("h,left", "h ←", "file(-1)", "file", "the file before; in a view: to the left"),
        Key("l,right", "l →", "file(1)", "file", "the next file; in a view: to the right"),
        Key("j,down", "j ↓", "step(1)", "group", "next group, decided or not; in a view: down"),
        Key("k,up", "k ↑", "step(-1)", "group", "the group before; in a view: up"),
    ),
    "view": (
        Key("f", "f", "flicker", "flicker", "★ and this file in turn, aligned; again: stop", 4),
        Key("D", "D", "difference", "difference", "a map of where the two differ", 7),
        Key("b", "b", "matches", "points", "the points that match, joined by lines", 9),
        Key("i", "i", "metadata", "metadata", "all metadata of both, what differs first", 8),
        Key("z", "z", "zoom", "zoom", "side by side; again: 100 %, then whole again", 6),
        Key("plus,equals_sign", "+", "larger", "larger", "closer, in flicker and side by side", 5),
        Key("minus", "-", "smaller", "smaller", "further away", 10),
        Key("space", "Space", "flip", "other", "flicker: the other picture, by hand", 3),
        Key("n", "n", "other_file", "next file", "compare ★ with the next file", 4),
        Key("N", "N", "other_file_before", "file", "compare ★ with the file before"),
    ),
    "plan": (
        Key("exclamation_mark", "!", "apply", "apply", "do it: asks first, can be undone", 1),
        Key("space", "Space", "drop", "drop", "leave this file (or section) alone", 2),
        Key("D", "D", "delete", "delete/trash", "delete for good instead of trash, or back", 3),
        Key("H", "H", "link", "link", "a link to the one kept instead of trash; each kind in turn"),
        Key("enter", "Enter", "choose", "review", "review this file's group", 3),
    ),
    "journal": (
        Key("u", "u", "undo_batch", "undo batch", "put this batch's files back; asks first", 1),
        Key("enter", "Enter", "choose", "files", "what was done to each file", 2),
    ),
    "library": (
        Key("a", "a", "add", "add", "add a folder of pictures and index it", 1),
        Key("i", "i", "index_one", "index", "index this folder again (only what changed)", 2),
        Key("I", "I", "index_all", "index all", "index all folders again", 3),
        Key("r", "r", "role", "role", "normal, reference (never touched), excluded", 2),
        Key("p", "p", "pause", "pause", "pause indexing and matching, or go on with it", 3),
        Key("f", "f", "failures", "failures", "files that can't be read, with the reason", 4),
        Key("enter", "Enter", "choose", "groups", "to the groups", 4),
    ),
    "find": (
        Key("enter", "Enter", "choose", "compare", "compare the hit with the picture", 1),
        Key("slash,i", "/", "ask", "picture", "another picture: type, paste or drop its path", 2),
        Key("o", "o", "pick", "pick", "pick the picture from the folders", 5),
        Key("space", "Space", "mark", "mark", "mark the hit and go one down", 4),
        Key("d", "d", "plan('trash')", "trash", "plan: trash the marked hits (or this one)", 3),
        Key("m", "m", "plan('move')", "move", "plan: move the marked hits (or this one)", 6),
        Key("minus", "-", "widen(-5)", "less like", "show less similar ones too, 5 % less", 7),
        Key("plus,equals_sign", "+", "widen(5)", "more like", "show only more similar ones"),
    ),
    "keep": (
        Key("plus,equals_sign", "+", "shift(-1)", "earlier", "the rule counts before others", 2),
        Key("minus", "-", "shift(1)", "later", "the rule counts after others", 2),
        Key("space", "Space", "use_rule", "use", "let the rule count, or not", 3),
        Key("enter", "Enter", "save", "save", "suggest by these rules from now on", 1),
        Key("r", "r", "reset", "reset", "the order that twinsift comes with", 4),
    ),
    "compare": (
        Key("h,left", "h ←", "pan(-1,0)", "pan", "in a view: to the left"),
        Key("l,right", "l →", "pan(1,0)", "pan", "in a view: to the right"),
        Key("j,down", "j ↓", "pan(0,1)", "pan", "in a view: down"),
        Key("k,up", "k ↑", "pan(0,-1)", "pan", "in a view: up"),
    ),
    "ask": (
        Key("enter", "Enter", "submit", "search", "search with this picture", 1),
        Key("tab", "Tab", "pick", "pick", "pick it from the folders", 1),
        Key("down", "↓", "leave", "hits", "down to the hits", 2),
        Key("ctrl+c,escape", "Ctrl-c", "cancel", "cancel", "back to the hits without it", 1),
    ),
    "dialog": (
        Key("y", "y", "answer(True)", "yes", "yes", 1),
        Key("n,q,escape", "n", "answer(False)", "no", "no", 1),
    ),
    "text": (
        Key("j,down", "j", "scroll(1)", "down", "a line down", 1),
        Key("k,up", "k", "scroll(-1)", "up", "a line up", 1),
        Key("space,ctrl+d,pagedown", "Space", "scroll(8)", "page", "half a page down", 1),
        Key("ctrl+u,pageup", "Ctrl-u", "scroll(-8)", "page up", "half a page up"),
        Key("q,question_mark,n,enter,escape", "q", "leave", "back", "back to the screen", 1),
    ),
    "busy": (Key("q,ctrl+c,escape", "q", "stop", "stop", "stop after the present file", 1),),
    "prompt": (
        Key("enter", "Enter", "submit", "take it", "take what is typed", 1),
        Key("ctrl+c,escape", "Ctrl-c", "cancel", "cancel", "go back without it", 1),
    ),
    "picker": (
        Key("enter", "Enter", "submit", "choose", "take the folder that is typed", 1),
        Key("tab", "Tab", "complete", "complete", "complete the marked folder", 1),
        Key("down", "↓", "move(1)", "mark", "mark the next folder", 2),
        Key("up", "↑", "move(-1)", "mark", "mark the folder before", 0),
        Key("ctrl+c,escape", "Ctrl-c", "cancel", "cancel", "go back without it", 1),
    ),
}
"""The keys of each place; those of a screen come before those that work everywhere."""


def bindings(place: str, target: str = "") -> list[BindingType]:
    """Textual's bindings for a place; each has its row's id, by which own keys replace its keys.

    `target` names who carries out the actions where it isn't the widget itself ('app.').
    """
    made: list[BindingType] = []
    for entry in KEYS[place]:
        row = f"{place}.{entry.id}"
        for key in entry.keys.split(",") if entry.is_fixed else [entry.keys]:
            made.append(
                Binding(
                    key,
                    target + entry.action.format(key=key),
                    entry.label,
                    show=False,
                    tooltip=entry.help,
                    id=f"{row}.{key}" if entry.is_fixed else row,
                )
            )
    return made
