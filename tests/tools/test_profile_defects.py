"""Planted defects are found and clean tables are left in peace: 93 kinds of defect on six kinds of table."""

import functools

import numpy as np
import pytest

from opsmith.tools.contract import Context
from opsmith.tools.profile import profile

from . import planted, planted_breaks

ALL = [*planted.DEFECTS, *planted_breaks.BREAKS]
TABLES = planted.CLEAN | planted_breaks.TABLES
TARGETS = {"orders": "returned", "patients": "outcome"}


def found_in(folder, frame, target=None, as_csv=False):
    context = Context(project=folder)
    if as_csv:
        frame.to_csv(folder / "t.csv", index=False)
    else:
        frame.to_parquet(folder / "t.parquet", index=False)
    return profile(dataset="t.csv" if as_csv else "t.parquet", target=target, context=context).findings


def is_found(findings, defect):
    return any(f.id in defect.ids and (not defect.columns or defect.columns & set(f.columns)) for f in findings)


@functools.lru_cache(maxsize=3)
def clean(base, seed, rows):
    return TABLES[base](np.random.default_rng(seed), rows)


def plant(defect, seed, rows):
    return defect.plant(clean(defect.base, seed, rows), np.random.default_rng(seed + 100))


@pytest.mark.parametrize("defect", ALL, ids=lambda d: d.name.replace(" ", "-"))
def test_a_planted_defect_is_found_with_its_column_and_rows_to_look_at(tmp_path, defect):
    findings = found_in(tmp_path, plant(defect, 11, 1600), defect.target, defect.as_csv)
    assert is_found(findings, defect), [f.message for f in findings]
    right = next(f for f in findings if f.id in defect.ids)
    assert right.severity in ("critical", "warning", "info") and right.evidence
    assert all(0 <= row < 1800 for row in right.rows)


@pytest.mark.parametrize("as_csv", [False, True])
@pytest.mark.parametrize("base", TABLES)
def test_a_clean_table_has_at_most_one_false_finding(tmp_path, base, as_csv):
    frame = TABLES[base](np.random.default_rng(5), 1600)
    findings = [f for f in found_in(tmp_path, frame, TARGETS.get(base), as_csv) if f.id != "id"]
    assert len(findings) <= 1, [f.message for f in findings]


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("rows", "seed"), [(700, 21), (700, 22), (3000, 21), (3000, 22), (20_000, 21), (120_000, 22)])
def test_recall_and_false_findings_over_seeds_and_sizes(tmp_path, rows, seed):
    missed, false = [], 0
    for base in TABLES:
        found = found_in(tmp_path, clean(base, seed, rows), TARGETS.get(base))
        told = [f.message for f in found if f.id != "id"]
        assert len(told) <= 1, told
        false += len(told)
    for defect in ALL:
        if not is_found(found_in(tmp_path, plant(defect, seed, rows), defect.target, defect.as_csv), defect):
            missed.append(defect.name)
    assert len(missed) <= 0.05 * len(ALL) and false <= 1, (missed, false)
