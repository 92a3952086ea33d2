"""Bring new text into a file that a person has edited: their lines stay, ours change where they did not touch."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Merged:
    """The merged text, and the changes of ours that were left out as (their lines, our lines)."""

    text: str
    left_out: tuple[tuple[str, str], ...]


def merge(base: str, theirs: str, ours: str) -> Merged:
    """Three-way merge by lines: base was written last, theirs lies there now, ours is to be written.

    Where both changed the same lines in different ways, theirs stands and ours is told in `left_out`.

    >>> merge("a\\nb\\nc\\n", "a\\nb\\nc\\n# mine\\n", "a\\nB\\nc\\n").text
    'a\\nB\\nc\\n# mine\\n'
    """
    old, mine, new = (text.splitlines(keepends=True) for text in (base, theirs, ours))
    kept_mine, kept_new = _same(old, mine), _same(old, new)
    out: list[str] = []
    left_out: list[tuple[str, str]] = []
    at = mine_at = new_at = 0
    anchors = [i for i in range(len(old)) if i in kept_mine and i in kept_new]
    for anchor in [*anchors, len(old)]:
        mine_to = kept_mine.get(anchor, len(mine))
        new_to = kept_new.get(anchor, len(new))
        was, is_mine, is_new = old[at:anchor], mine[mine_at:mine_to], new[new_at:new_to]
        if is_mine in (was, is_new):
            out += is_new
        elif is_new == was:
            out += is_mine
        elif len(was) == len(is_mine) == len(is_new):
            for before, theirs_line, ours_line in zip(was, is_mine, is_new, strict=True):
                untouched = theirs_line in (before, ours_line)
                out.append(ours_line if untouched else theirs_line)
                if not untouched and ours_line != before:
                    left_out.append((theirs_line, ours_line))
        else:
            out += is_mine
            left_out.append(("".join(is_mine), "".join(is_new)))
        if anchor < len(old):
            out.append(old[anchor])
        at, mine_at, new_at = anchor + 1, mine_to + 1, new_to + 1
    return Merged("".join(out), tuple(left_out))


def _same(old: list[str], new: list[str]) -> dict[int, int]:
    """Line of old -> line of new where they match."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {b.a + i: b.b + i for b in blocks for i in range(b.size)}
