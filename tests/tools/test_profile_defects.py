"""Planted defects are found and clean tables are left in peace: 58 kinds of defect on three kinds of table."""

import numpy as np
import pytest

from opsmith.tools.contract import Context
from opsmith.tools.profile import profile

from . import planted

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


def plant(defect, seed, rows):
    return defect.plant(
        planted.CLEAN[defect.base](np.random.default_rng(seed), rows), np.random.default_rng(seed + 100)
    )


@pytest.mark.parametrize("defect", planted.DEFECTS, ids=lambda d: d.name.replace(" ", "-"))
def test_a_planted_defect_is_found_with_its_column_and_rows_to_look_at(tmp_path, defect):
    findings = found_in(tmp_path, plant(defect, 11, 1600), defect.target, defect.as_csv)
    assert is_found(findings, defect), [f.message for f in findings]
    right = next(f for f in findings if f.id in defect.ids)
    assert right.severity in ("critical", "warning", "info") and right.evidence
    assert all(0 <= row < 1800 for row in right.rows)


@pytest.mark.parametrize("as_csv", [False, True])
@pytest.mark.parametrize("base", planted.CLEAN)
def test_a_clean_table_has_at_most_one_false_finding(tmp_path, base, as_csv):
    frame = planted.CLEAN[base](np.random.default_rng(5), 1600)
    findings = [f for f in found_in(tmp_path, frame, TARGETS.get(base), as_csv) if f.id != "id"]
    assert len(findings) <= 1, [f.message for f in findings]


@pytest.mark.long
@pytest.mark.parametrize(("rows", "seeds"), [(700, (21, 22)), (3000, (21, 22)), (20_000, (21, 22)), (120_000, (21,))])
def test_recall_and_false_findings_over_seeds_and_sizes(tmp_path, rows, seeds):
    missed, total, false = [], 0, 0
    for seed in seeds:
        for base, make in planted.CLEAN.items():
            clean = found_in(tmp_path, make(np.random.default_rng(seed), rows), TARGETS.get(base))
            assert len([f for f in clean if f.id != "id"]) <= 1, [f.message for f in clean]
            false += len([f for f in clean if f.id != "id"])
        for defect in planted.DEFECTS:
            total += 1
            if not is_found(found_in(tmp_path, plant(defect, seed, rows), defect.target, defect.as_csv), defect):
                missed.append((seed, defect.name))
    assert len(missed) <= 0.05 * total and false <= 2, (missed, false)
