"""Values in another shape than the rest, rows typed for a test, ids that lost their digits."""

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.profile_shapes import shape_findings, written_like

from .profiled import found_by

RNG = np.random.default_rng(9)


def shapes(values, name="v"):
    return found_by(shape_findings, pd.DataFrame({name: values, "x": RNG.normal(size=len(values))}))


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ([f"BK-{i:04d}" for i in range(300)], "BK0007"),
        ([f"{i:05d}" for i in range(1010, 1310)], "107"),
        ([f"u{i}@example.com" for i in range(300)], "u7.example.com"),
    ],
)
def test_a_few_values_in_another_shape_are_told(usual, odd):
    name = "postcode" if odd.isdecimal() else "v"
    assert shapes(usual, name) == []
    (found,) = shapes([*usual, odd, odd], name)
    assert found.id == "odd_format" and found.rows == (300, 301) and odd in found.message


def test_names_and_texts_have_no_usual_shape():
    names = [f"{a} {b}" for a in ("Ada", "Bo", "Charlotte", "Di") for b in ("Li", "Smith", "Berg-Lund", "O'Neil", "Wu")]
    assert shapes(names * 6) == []


def test_values_typed_for_a_test_are_told_where_they_are_rare():
    names = [f"Person {chr(65 + i % 26)}{chr(97 + i % 19)}" for i in range(300)]
    found = [f for f in shapes([*names, "Test User", "asdf"]) if f.id == "test_rows"]
    assert len(found) == 1 and found[0].rows == (300, 301)
    assert not [f for f in shapes(["train", "test", "valid", "other", "none"] * 60) if f.id == "test_rows"]


def test_long_numbers_that_lost_their_digits():
    ids = 400_000_000_000.0 + np.arange(300) * 7 + 1
    assert shapes(ids) == []
    (found,) = shapes(np.r_[ids, [4e11] * 4])
    assert found.id == "odd_format" and found.evidence["count"] == 4


def test_shapes_are_exact_or_run_by_run():
    assert written_like("A1-22 b", True) == "A9-99 A" and written_like("A1-22 b", False) == "A9-9 A"


def test_texts_in_several_languages_are_told_with_their_shares():
    english = [f"the parcel {i} was late and this is not what we had paid for" for i in range(80)]
    german = [f"das Paket {i} war nicht da und wir sind sehr traurig mit der Post" for i in range(20)]
    (found,) = shapes([*english, *german])
    assert found.id == "languages" and found.evidence["languages"] == {"en": 0.8, "de": 0.2}
    assert all(row >= 80 for row in found.rows)
    assert shapes(english) == []
