"""The recipe inside a scikit-learn pipeline: fitted on training rows only, kept as plain JSON."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.compute.recipe_transformer import RecipeTransformer

STEPS = (
    Step("trim", ("city",)),
    Step("cast", ("amount",), {"to": "number"}),
    Step("dedupe", ()),
    Step("impute", ("amount",), {"method": "median"}),
    Step("scale", ("amount",), {"method": "standard"}),
)
RECIPE = Recipe("t.csv", STEPS).to_yaml()


def frame(amounts: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {"city": [" Rome", "Oslo "] * (len(amounts) // 2), "amount": amounts}, index=range(10, 10 + len(amounts))
    )


def test_figures_come_from_the_training_rows_only() -> None:
    made = RecipeTransformer(RECIPE).fit(frame(["1", "2", "3", None]))
    assert made.fitted_[2]["figures"] == {"amount": 2.0}
    after = made.transform(frame(["1000", None]))
    assert after["amount"].tolist()[1] == pytest.approx(0.0)
    assert after["city"].tolist() == ["Rome", "Oslo"]
    assert after.index.tolist() == [10, 11]


def test_a_kept_transformer_gives_the_same_rows() -> None:
    made = RecipeTransformer(RECIPE).fit(frame(["1", "2", "3", None]))
    again = RecipeTransformer.from_json(made.to_json())
    pd.testing.assert_frame_equal(made.transform(frame(["5", None])), again.transform(frame(["5", None])))
    assert list(again.get_feature_names_out()) == ["city", "amount"]


def test_not_fitted_is_said() -> None:
    with pytest.raises(NotFittedError):
        RecipeTransformer(RECIPE).transform(frame(["1", "2"]))


def test_it_works_inside_cross_validation() -> None:
    rows = frame([str(n) for n in range(40)])
    labels = [int(n >= 20) for n in range(40)]
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include=["object", "string"])),
        remainder="passthrough",
    )
    assert (
        cross_val_score(
            make_pipeline(RecipeTransformer(RECIPE), encode, LogisticRegression()), rows, labels, cv=4
        ).mean()
        > 0.5
    )
