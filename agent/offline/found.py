"""What a sentence names, with the places where it does."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mention:
    """A name found in the text: what it stands for, where, and how sure (exact, part)."""

    kind: str
    value: str
    start: int
    end: int
    how: str = "exact"


@dataclass
class Grounded:
    """A sentence with what it names."""

    text: str
    files: list[Mention] = field(default_factory=list)
    outputs: list[Mention] = field(default_factory=list)
    models: list[Mention] = field(default_factory=list)
    columns: list[Mention] = field(default_factory=list)
    monitors: list[Mention] = field(default_factory=list)
    unknown_files: list[str] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    ambiguous_files: list[str] = field(default_factory=list)

    def masked(self) -> str:
        """The text with names replaced by FILE, OUT, MODEL, COL, MON."""
        text = self.text
        every = [*self.files, *self.outputs, *self.models, *self.columns, *self.monitors]
        for m in sorted(every, key=lambda m: -m.start):
            word = {"file": "FILE", "output": "OUT", "model": "MODEL", "column": "COL", "monitor": "MON"}[m.kind]
            if m.how == "exact" or m.kind in ("column", "model"):
                text = f"{text[: m.start]}{word}{text[m.end :]}"
        return text

    def covered(self, start: int, end: int) -> bool:
        every = (*self.files, *self.outputs, *self.models, *self.columns, *self.monitors)
        return any(m.start < end and start < m.end for m in every)
