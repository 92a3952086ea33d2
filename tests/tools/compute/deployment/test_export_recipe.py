"""A cleaning recipe as plain Python gives the cells that the recipe gives, whatever the table holds."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute.deployment.export_recipe import cleaner, cleaning_package
from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.compute.recipe_transformer import RecipeTransformer
from opsmith.tools.contract import ToolError

TABLE = pd.DataFrame({
    "id": range(8),
    "city": [" Berlin", "berlin ", "N/A", None, "Paris", "paris", "ROME", "Rome"],
    "price": ["$1,200.50", "€ 3", "4k", "?", "5,5", "(12)", "7%", ""],
    "age": [1, 200, 3, 40, 5, 6, 7, -4],
    "when": ["2024-01-05", "3/15/2024", "16.4.2025", "x", None, "5 May 2023", "2024-02-30", "1/2/24"],
    "ok": ["yes", "no", "Y", "n", None, "maybe", "1", "0"],
    "said": ["I luv it!!thx <b>u</b>", "it's schÃ¶n", None, "ok :) 😍", "a", "b\u00a0\u200b ", "", "don't"],
    "load": [1.5, None, 3, 4, 5, 6, 7, 8.0],
    "member": [True, False, True, True, False, False, True, False],
    "seen": pd.to_datetime(["2024-01-05 00:00", "2024-01-06 10:30", None, *["2024-03-01 00:00"] * 5]),
})  # fmt: skip

STEPS = {
    "trim": [Step("trim", ("city", "said"), {}, 'odd "quotes" and\nlines')],
    "lowercase": [Step("lowercase", ("city",))],
    "missing": [Step("missing", ("city", "price", "load"), {"tokens": ["n/a", "?", ""], "values": [4.0]})],
    "spellings": [Step("map_values", ("city", "age"), {"mapping": {"paris": "Paris", "ROME": "Rome", "5": 50}})],
    "number": [Step("cast", ("price",), {"to": "number", "decimal": ",", "currency_column": "currency"})],
    "integer": [Step("cast", ("price", "load"), {"to": "integer"})],
    "date": [Step("cast", ("when", "seen"), {"to": "date", "day_first": True})],
    "datetime": [Step("cast", ("when",), {"to": "datetime"})],
    "boolean": [Step("cast", ("ok",), {"to": "boolean"})],
    "text": [Step("cast", ("age", "load", "member"), {"to": "text"})],
    "range": [Step("range", ("age", "load"), {"min": 0, "max": 6.5, "outside": "clip"}), Step("range", ("age",), {"max": 5})],
    "outliers": [Step("outliers", ("age", "load"), {"rule": "sigma", "k": 1}), Step("outliers", ("age",), {"action": "missing"})],
    "texts": [Step(name, ("said",)) for name in ("fix_text", "strip_html", "abbreviations", "contractions", "punctuation")],
    "emoji": [Step("strip_emoji", ("said",), {"how": "describe"}), Step("stop_words", ("said",))],
    "marks": [Step("punctuation", ("said",), {"how": "remove"}), Step("language", ("said",))],
    "median": [Step("impute", ("load",), {"method": "median", "by": ["member"], "indicator": True})],
    "mode": [Step("impute", ("city", "seen"), {"method": "mode", "by": ["ok"]}), Step("cast", ("seen",), {"to": "date"}),
             Step("impute", ("seen",), {"method": "mode"})],
    "constant": [Step("impute", ("city",), {"method": "constant", "value": "unknown"})],
    "scales": [Step("scale", ("age",), {"method": "quantile"}), Step("scale", ("load",), {"method": "log"})],
    "standard": [Step("scale", ("age",), {"method": "standard"}), Step("scale", ("load",), {"method": "robust"})],
    "one-hot": [Step("encode", ("city", "age"), {"method": "onehot"})],
    "ordinal": [Step("encode", ("city",), {"method": "ordinal"})],
    "target": [Step("encode", ("city",), {"method": "target", "target": "member"})],
    "names": [Step("rename", (), {"names": {"load": "the load"}}), Step("drop_columns", ("id",)), Step("dedupe", ())],
}  # fmt: skip


def cells(frame):
    """The cells as values to compare: missing is None, whole numbers are equal to their floats, NumPy types are gone."""

    def plain(value):
        if value is None or value is pd.NaT or value != value:
            return None
        if isinstance(value, pd.Timestamp):
            return value.to_pydatetime()
        return value.item() if isinstance(value, np.generic) else value

    return {name: [plain(v) for v in frame[name]] for name in frame.columns}


def both(steps, rows, asked):
    """What the recipe fitted to `rows` makes of `asked`, and what its plain form does."""
    fitted = RecipeTransformer(Recipe("rows.csv", tuple(steps)).to_yaml()).fit(rows)
    package = cleaning_package(fitted, rows, 'About "it".\n')
    assert not any("import opsmith" in text or "from opsmith" in text for text in package.values())
    return cells(fitted.transform(asked)), cells(cleaner(package)(asked))


@pytest.mark.parametrize("name", STEPS)
def test_each_step_gives_the_same_cells(name):
    expected, found = both(STEPS[name], TABLE, TABLE)
    assert found == expected


def test_a_whole_recipe_gives_the_same_cells_for_rows_of_any_number():
    steps = [s for name in ("trim", "missing", "number", "date", "boolean", "range", "texts", "median", "constant", "names")
             for s in STEPS[name]]  # fmt: skip
    for asked in (TABLE, TABLE.iloc[[2]], TABLE.iloc[::-1]):
        expected, found = both(steps, TABLE, asked)
        assert found == expected


def test_values_as_json_sends_them_are_the_values_of_the_table():
    """A service gets floats for whole numbers and yes and no, and texts for times."""
    sent = TABLE.assign(age=TABLE.age.astype(float), member=TABLE.member.astype(float),
                        seen=[None if pd.isna(v) else str(v) for v in TABLE.seen])  # fmt: skip
    steps = [*STEPS["date"], *STEPS["median"], *STEPS["text"], *STEPS["ordinal"], *STEPS["mode"][2:]]
    fitted = RecipeTransformer(Recipe("rows.csv", tuple(steps)).to_yaml()).fit(TABLE)
    clean = cleaner(cleaning_package(fitted, TABLE, "About."))
    expected, found = cells(fitted.transform(TABLE)), cells(clean(sent))
    assert found == expected
    assert found["seen"][:2] == [datetime.date(2024, 1, 5), datetime.date(2024, 1, 6)]


@pytest.mark.parametrize(("step", "named"), [
    (Step("mask_pii", ("said",)), "mask_pii"), (Step("spelling", ("said",)), "spelling"),
    (Step("impute", ("load",), {"method": "knn"}), "impute (knn)"), (Step("repeats", ("said",)), "repeats"),
])  # fmt: skip
def test_a_step_that_cannot_be_shipped_is_named(step, named):
    fitted = RecipeTransformer(Recipe("rows.csv", (step,)).to_yaml()).fit(TABLE)
    with pytest.raises(ToolError, match="cannot run") as told:
        cleaning_package(fitted, TABLE, "About.")
    assert named in str(told.value)


word = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12)
messy = st.one_of(
    st.none(), word, st.sampled_from(["1.234,5", "$ 3", "N/A", "yes", "31/12/2023", "<b>u</b> r", "5 kg"])
)


@settings(max_examples=12, deadline=None)
@given(st.lists(messy, min_size=1, max_size=6), word.filter(bool))
def test_any_text_is_cleaned_alike(values, name):
    """Whatever stands in the cells or is the column's name."""
    if name == "__row__":
        return
    rows = pd.DataFrame({name: pd.Series([*values, "a text"], dtype=object)})
    steps = [Step("trim", (name,), {}, 'why """ \\'), Step("missing", (name,), {"tokens": ["n/a", "", "'"]}),
             Step("map_values", (name,), {"mapping": {"yes": "Yes", "a'\n\"": None}}), Step("punctuation", (name,)),
             Step("impute", (name,), {"method": "constant", "value": "un'known\n"})]  # fmt: skip
    expected, found = both(steps, rows, rows)
    assert found == expected
    numbers, plain = both([Step("cast", (name,), {"to": "number"})], rows, rows)
    assert plain == numbers
