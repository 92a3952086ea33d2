"""Transformer, module and search compute the same: on unseen rows, unseen categories, missing values and empty tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.features.expression import check, parse
from opsmith.tools.compute.features.featureset import read_set
from opsmith.tools.compute.features.module import module_text
from opsmith.tools.compute.features.transformer import FeatureTransformer, load, save, unfitted
from opsmith.tools.compute.features.vocabulary import FUNCTIONS
from opsmith.tools.contract import ToolError

KINDS = {"bmi": "number", "age": "number", "smoker": "category", "notes": "text", "day": "date", "end day": "date"}
EVERY = [
    "bmi / age",
    "log(bmi - age)",
    "sqrt(bmi)",
    "abs(bmi - 30)",
    "min(bmi, age)",
    "max(bmi, age)",
    "bmi + age",
    "filled(bmi, 0)",
    '(smoker = "yes") * (bmi > 30)',
    "(bmi < 25) * age",
    "missing(bmi)",
    "frequency(smoker)",
    "frequency(rare(smoker, 5))",
    "target_mean(smoker)",
    "target_mean(cross(smoker, word_at(notes, 1)))",
    "mean_by(bmi, smoker)",
    "deviation_by(bmi, smoker)",
    "z_by(bmi, smoker)",
    "rank_by(bmi, smoker)",
    "bins(bmi, 5)",
    "scaled(bmi)",
    "component(1, bmi, age)",
    'weighted(bmi, age, smoker = "yes")',
    "year(day)",
    "month(day)",
    "day(day)",
    "weekday(day)",
    "hour(day)",
    "sin(day_of_year(day), 365.25)",
    "cos(month(day), 12)",
    "days_between(day, `end day`)",
    'days_since(day, "2020-01-01")',
    'holiday(day, "US")',
    "lag(bmi, 1, day)",
    "past_mean(bmi, 3, day, smoker)",
    "past_change(bmi, 3, day)",
    "letters(notes)",
    "words(notes)",
    "capitals(notes)",
    "digits(notes)",
    "marks(notes)",
    "sentiment(notes)",
    "frequency(title_of(notes))",
    "frequency(first_letters(notes))",
    'mentions(notes, "speeding", "no fault")',
    "keyword_risk(notes)",
    'keyword_risk(notes, "speeding")',
    "topic(notes, 1)",
    "wording(notes)",
    "bmi",
]


def rows(count: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    words = ["speeding", "garage", "no fault", "Mr. Smith", "late!", "A12"]
    day = pd.to_datetime("2021-01-01") + pd.to_timedelta(np.arange(count) + 1000 * seed, unit="D")
    return pd.DataFrame({
        "bmi": np.where(rng.random(count) < 0.1, np.nan, rng.normal(30, 5, count)), "age": rng.integers(18, 80, count),
        "smoker": rng.choice(["yes", "no", None], count), "notes": [" ".join(rng.choice(words, 3)) for _ in range(count)],
        "day": day, "end day": (day + pd.to_timedelta(rng.integers(0, 9, count), unit="D")).astype(str),
    })  # fmt: skip


def made(module: str) -> Any:
    space: dict[str, Any] = {}
    exec(compile(module, "made", "exec"), space)  # the module that the program itself wrote
    return space["add_features"]


@pytest.fixture(scope="module")
def trained() -> tuple[FeatureTransformer, Any]:
    frame = rows(300)
    y = (frame["notes"].str.contains("speeding") ^ (np.arange(300) % 5 == 0)).astype(int)
    transformer = FeatureTransformer([[f"f{i}", e] for i, e in enumerate(EVERY)], KINDS, "binary").fit(frame, y)
    return transformer, made(
        module_text([(n, e) for n, e in transformer.features], transformer.fitted_, "Made by a test.")
    )


def test_every_function_is_in_this_test() -> None:
    used = {name for name in FUNCTIONS if any(f"{name}(" in e for e in EVERY)}
    infix = {"add", "subtract", "multiply", "divide", "over", "under", "is"}
    assert set(FUNCTIONS) - used - infix == set()
    for expression in EVERY:
        assert check(parse(expression), KINDS) == "number"


@pytest.mark.parametrize("case", ["known", "later", "unseen", "all missing", "one", "none"])
def test_transformer_and_module_agree(trained: tuple[FeatureTransformer, Any], case: str) -> None:
    transformer, add_features = trained
    frame = rows(300) if case == "known" else rows(60, seed=1)
    if case == "unseen":
        frame["smoker"], frame["notes"] = "sometimes", "entirely NEW words 7 ?"
    if case == "all missing":
        frame["bmi"], frame["smoker"], frame["notes"], frame["day"] = np.nan, None, None, pd.NaT
    frame = frame.head({"one": 1, "none": 0}.get(case, len(frame)))
    by_transformer, by_module = transformer.transform(frame), add_features(frame)
    names = [n for n, _ in transformer.features]
    assert len(by_transformer) == len(frame)
    np.testing.assert_allclose(
        by_transformer[names].to_numpy(float), by_module[names].to_numpy(float), rtol=1e-9, atol=1e-12
    )


def test_the_order_of_the_rows_does_not_matter_and_the_index_stays(trained: tuple[FeatureTransformer, Any]) -> None:
    transformer, _ = trained
    frame = rows(60, seed=1)
    mixed = frame.sample(frac=1, random_state=3)
    names = [n for n, _ in transformer.features]
    a, b = transformer.transform(frame)[names], transformer.transform(mixed)[names]
    assert list(b.index) == list(mixed.index)
    pd.testing.assert_frame_equal(a, b.sort_index())


def test_a_kept_transformer_computes_the_same_and_a_strange_file_is_refused(
    trained: tuple[FeatureTransformer, Any], tmp_path: Path
) -> None:
    transformer, _ = trained
    save(transformer, tmp_path / "t.skops")
    frame = rows(40, seed=2)
    pd.testing.assert_frame_equal(load(tmp_path / "t.skops").transform(frame), transformer.transform(frame))
    import skops.io
    from sklearn.gaussian_process.kernels import RBF

    skops.io.dump({"x": RBF()}, tmp_path / "other.skops")
    with pytest.raises(ToolError, match="does not need"):
        load(tmp_path / "other.skops")


def test_values_for_training_do_not_hold_their_own_outcome() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"word": [f"w{i % 150}" for i in range(300)]})
    y = rng.integers(
        0, 2, 300
    )  # chance: the mean outcome of two rows tells each of them, unless the others alone are asked
    transformer = FeatureTransformer([["m", "target_mean(word)"]], {"word": "category"}, "binary")
    crossed = transformer.fit_transform(frame, y)["m"]
    naive = transformer.transform(frame)["m"]
    assert abs(np.corrcoef(naive, y)[0, 1]) > 0.5
    assert abs(np.corrcoef(crossed, y)[0, 1]) < 0.25


def test_a_set_reads_back_and_a_wrong_one_is_refused() -> None:
    text = (
        "version: 1\ndataset: a.csv\ntarget: y\ntask: binary\nmetric: auc\ncolumns: {bmi: number}\n"
        "features:\n- {expression: log(bmi)}\n"
    )
    found = read_set(text)
    assert read_set(found.to_yaml()) == found
    assert list(unfitted(text).fit_transform(rows(20)).columns)[-1] == "log_bmi"
    for wrong, told in (("version: 1", "version 1|no feature set"), ("log(bmi)", "exec(bmi)")):
        if wrong == "version: 1":
            with pytest.raises(ToolError, match="version"):
                read_set(text.replace(wrong, "version: 9"))
        else:
            with pytest.raises(ToolError, match="no function"):
                read_set(text.replace(wrong, told))
