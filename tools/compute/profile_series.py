"""What a regular series tells: clocks that jump or go back, readings left out, numbers missing from a running count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_sample import Sample, stored_as
from opsmith.tools.contract import Finding
from opsmith.tools.data.arrow_values import floats, whole

REGULAR = 0.97  # share of steps that have to be equal
MOMENTS = 2_000_000  # rows up to which every moment of a series is looked at, of larger tables those of the sample
ODD = 30  # odd steps that are told at most; more are no accident


def series_findings(
    p: TableProfile, sample: Sample, dates: Sequence[tuple[ColumnProfile, np.ndarray]]
) -> Iterable[Finding]:
    """Findings of columns that move by one step from row to row, or from group of rows to group of rows."""
    for c, seconds in dates:
        yield from _clock(c, p, sample, seconds)
    for c in p.columns:
        if c.missing == 0 and c.distinct >= 100 and (c.stored in ("BIGINT", "INTEGER") or c.kind == "id"):
            yield from _running(c, p, sample)


def odd_steps(values: np.ndarray, positions: np.ndarray) -> tuple[float, np.ndarray, np.ndarray] | None:
    """(usual step, places before an odd step, what it is too far) of a series that else moves by one step a row."""
    if len(values) < 60:
        return None
    rows = np.diff(positions)
    steps = np.diff(values)
    each = np.round(steps / rows, 6)
    values_of, counts = np.unique(each, return_counts=True)
    usual = float(values_of[int(np.argmax(counts))])
    odd = np.flatnonzero(each != usual)
    if usual == 0 or counts.max() < REGULAR * len(each) or len(odd) > ODD:
        return None
    return usual, odd, steps[odd] - usual * rows[odd]


def _clock(c: ColumnProfile, p: TableProfile, sample: Sample, seconds: np.ndarray) -> Iterable[Finding]:
    known = np.flatnonzero(np.isfinite(seconds))
    if len(known) < 0.98 * len(seconds) or len(known) < 60:
        return
    moments, positions = seconds[known], sample.positions[known]
    found = odd_steps(moments, positions)
    if found is None and not sample.whole and _could_be_read_whole(c, p, sample, moments):
        moments, positions = _every_moment(c, sample)
        found = odd_steps(moments, positions)
    if found is None and len(moments) >= 0.98 * p.rows:
        # several rows a moment: steps from each moment to the next
        new = np.flatnonzero(np.r_[True, moments[1:] != moments[:-1]])
        moments, positions = moments[new], positions[new]
        found = odd_steps(moments, np.arange(len(new)))
    if found is None or not len(found[1]):
        return
    usual, odd, extra = found
    worst = int(np.argmax(np.abs(extra)))
    back = moments[odd[worst] + 1] < moments[odd[worst]]
    row = int(positions[odd[worst] + 1])
    when = np.datetime_as_string(np.datetime64(int(moments[odd[worst]]), "s"), "m").replace("T", " ")
    step = abs(float(moments[odd[worst] + 1] - moments[odd[worst]]))
    yield Finding(
        "time_step",
        "warning",
        f"{c.name} moves on by {_span(usual)}, but not in {len(odd)} place{'s' if len(odd) > 1 else ''}: after {when} "
        f"(row {row:,}) it {'goes back' if back else 'jumps ahead'} {_span(step)}; "
        f"{'a clock set back' if back else 'readings left out, or a clock set on'}?",
        (c.name,),
        {"count": len(odd), "share": len(odd) / len(moments), "step_seconds": usual, "row": row},
        tuple(int(positions[k + 1]) for k in odd[:5]),
        f"show rows {max(0, row - 3)} to {row + 3} of {p.name}",
    )


def _could_be_read_whole(c: ColumnProfile, p: TableProfile, sample: Sample, moments: np.ndarray) -> bool:
    """Whether a column's moments move on with the rows, are stored as such, and are few enough to look at every one."""
    few = p.rows <= min(MOMENTS, sample.table.holds)
    return few and not c.is_text and float(np.mean(np.diff(moments) >= 0)) >= REGULAR


def _every_moment(c: ColumnProfile, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """(seconds since 1970, row) of all rows that have a moment, in the order of the rows."""
    made = sample.table.arrow(f"SELECT row_number() OVER () - 1, {stored_as(sample.by_name[c.name])} FROM data")
    rows, seconds = whole(made.column(0)), floats(made.column(1))
    order = np.argsort(rows, kind="stable")
    order = order[np.isfinite(seconds[order])]
    return seconds[order], rows[order]


def _running(c: ColumnProfile, p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """A count that runs on by one from row to row and leaves numbers out in few places."""
    values = _numbers(c, sample)
    found = odd_steps(values, sample.positions) if values is not None else None
    if found is None or abs(found[0]) != 1 or not len(found[1]) or len(found[1]) > 10:
        return
    usual, odd, extra = found
    left_out = int(np.sum(extra * usual))
    if (extra * usual <= 0).any():
        return
    at = int(odd[int(np.argmax(extra * usual))])
    row = int(sample.positions[at + 1])
    yield Finding(
        "sequence_gap",
        "warning",
        f"{c.name} counts on by one from row to row, but {left_out:,} numbers are left out (such as after "
        f"{sample.arrow.column(c.name)[at].as_py()}, row {row:,}); rows may be missing.",
        (c.name,),
        {"count": left_out, "share": left_out / p.rows, "row": row},
        tuple(int(sample.positions[k + 1]) for k in odd[:5]),
        f"show rows {max(0, row - 3)} to {row + 3} of {p.name}",
    )


def _numbers(c: ColumnProfile, sample: Sample) -> np.ndarray | None:
    """The whole numbers of a column, or those at the end of texts that are alike before them."""
    if not c.is_text:
        return sample.numbers(c.name)
    texts = sample.texts(c.name)
    first = re.match(r"(\D*)\d+$", str(texts[0]))
    if first is None or c.distinct < 0.9 * (sample.table.rows - c.missing):
        return None
    start = len(first[1])
    tails = [t[start:] if t is not None and t.startswith(first[1]) else "" for t in texts]
    return np.array([float(t) for t in tails]) if all(t.isdecimal() and len(t) < 16 for t in tails) else None


def _span(seconds: float) -> str:
    """A span of time as people say it."""
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if abs(seconds) >= size:
            n = round(abs(seconds) / size, 2)
            return f"{n:g} {word}{'s' if n != 1 else ''}"
    return f"{abs(seconds):g} seconds"
