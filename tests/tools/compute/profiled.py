"""A frame as a table that was counted and looked at, for tests of what a profile finds in it."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from opsmith.tools.compute.profile import profile_table
from opsmith.tools.contract import Context
from opsmith.tools.data.table import open_table


@contextmanager
def looked_at(folder, frame, as_csv=False):
    """(TableProfile, Sample) of a frame written to a file."""
    name = "t.csv" if as_csv else "t.parquet"
    if as_csv:
        frame.to_csv(folder / name, index=False)
    else:
        frame.to_parquet(folder / name, index=False)
    table = open_table(Context(project=folder), name)
    try:
        yield profile_table(table, lambda fraction, note: None, lambda: None)
    finally:
        table.close()


def ids(found):
    """The kinds of findings."""
    return {f.id for f in found}


def found_by(search, frame):
    """The findings of search(TableProfile, Sample) over a frame."""
    with tempfile.TemporaryDirectory() as folder, looked_at(Path(folder), frame) as (p, sample):
        return list(search(p, sample))
