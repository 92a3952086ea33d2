"""A column of text as the searches for oddities see it: its distinct values, how often each stands there, and fast sieves.

A sieve is a regular expression that Arrow runs over all distinct values at once; what passes is looked at in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_kinds import HIDDEN
from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.contract import Finding, Severity
from opsmith.tools.data.arrow_values import plain, strings, truths

MOST = 8000  # values that passed a sieve and are looked at


class Look:
    """One column of text. scale: how many rows of the table a counted one stands for; held: counted rows with a value."""

    def __init__(self, c: ColumnProfile, p: TableProfile, sample: Sample):
        self.c, self.p, self.sample = c, p, sample
        if len(c.values) >= c.distinct or not sample.rows:
            self.texts = [str(v) for v in c.values]
            self.often = np.fromiter(c.values.values(), np.int64, len(c.values))
            self.arrow = strings(self.texts)
            self.scale = 1
        else:
            self.arrow = sample.distinct_texts(c.name)
            self.texts = sample.levels(c.name)
            self.often = sample.counted(c.name)
            self.scale = sample.step
        self.held = int(self.often.sum() - self.often[self._hidden].sum())

    @cached_property
    def _hidden(self) -> np.ndarray:
        import pyarrow.compute as pc

        return truths(pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(self.arrow)), value_set=strings(HIDDEN)))

    @cached_property
    def counts(self) -> dict[str, int]:
        """Every distinct value with how often it stands there."""
        return dict(zip(self.texts, self.often.tolist(), strict=True))

    @cached_property
    def lengths(self) -> np.ndarray:
        """Letters of every distinct value."""
        import pyarrow.compute as pc

        return plain(pc.utf8_length(self.arrow)).astype(np.int64)

    def passing(self, sieve: str) -> np.ndarray:
        """Which distinct values match a regular expression (RE2) somewhere."""
        import pyarrow.compute as pc

        return truths(pc.match_substring_regex(self.arrow, sieve))

    def padded(self) -> dict[str, int]:
        """Values with blanks before or after them."""
        import pyarrow.compute as pc

        trimmed = pc.utf8_trim_whitespace(self.arrow)
        return self.only(truths(pc.not_equal(trimmed, self.arrow)) & (plain(pc.utf8_length(trimmed)) > 0))

    def only(self, mask: np.ndarray, most: int = MOST) -> dict[str, int]:
        """The values where the mask is true, with how often each stands there."""
        places = np.flatnonzero(mask)[:most]
        return {self.texts[i]: int(self.often[i]) for i in places.tolist()}

    def rows(self, values: Iterable[str]) -> tuple[int, ...]:
        """Row numbers in the sample where one of the values stands."""
        return self.sample.rows_where(self.sample.rows_of(self.c.name, set(values)))

    def finding(
        self,
        id: str,
        severity: Severity,
        message: str,
        count: float,
        values: set[str],
        fix: str,
        counted: bool = False,
        **more: object,
    ) -> Finding:
        """A finding of this column. count: counted rows (of the table with `counted`); values: where to look for rows."""
        n = min(round(count * (1 if counted else self.scale)), self.p.rows)
        evidence: dict[str, Any] = {"count": n, "share": n / max(1, self.p.rows), **more}
        rows = self.rows(values) if values else ()
        return Finding(id, severity, f"{self.c.name} {message}", (self.c.name,), evidence, rows, fix)

    def matching(
        self,
        id: str,
        severity: Severity,
        sieve: str,
        test: Callable[[str], bool],
        words: str,
        fix: str,
        least: float = 0.0,
    ) -> Iterable[Finding]:
        """A finding for the values that pass a sieve and then a test, when they are more than a share of all."""
        passed = self.passing(sieve)
        if not passed.any():
            return
        hits = {v: n for v, n in self.only(passed).items() if test(v)}
        count = sum(hits.values())
        if hits and count > least * self.held:
            told = words.format(n=f"{min(count * self.scale, self.p.rows):,}", v=example(set(hits)))
            yield self.finding(id, severity, f"has {told}.", count, set(hits), fix)


def example(values: set[str]) -> str:
    """The shortest value that says something, quoted."""
    shown = min(values, key=lambda v: (len(v) < 2, len(v), v)) if values else ""
    return repr(shown if len(shown) <= 40 else shown[:39] + "…")
