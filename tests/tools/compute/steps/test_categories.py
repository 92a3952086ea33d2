"""Spellings of one category: merged when they are slips, never when they are other words."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from opsmith.tools.compute.steps.categories import merged_spellings


@pytest.mark.parametrize(
    ("values", "mapping"),
    [
        (
            {"Berlin": 90, "berlin": 5, "BERLIN ": 2, "Berlni": 1},
            {"berlin": "Berlin", "BERLIN ": "Berlin", "Berlni": "Berlin"},
        ),
        ({"New York": 50, "new-york": 2, "New Yrok": 1}, {"new-york": "New York", "New Yrok": "New York"}),
    ],
)
def test_merged(values: dict[str, int], mapping: dict[str, str]) -> None:
    assert merged_spellings(values) == mapping


@pytest.mark.parametrize(
    "values",
    [
        {"male": 500, "female": 20}, {"Item 1": 500, "Item 2": 3}, {"A+": 300, "A-": 3, "A": 100}, {"able": 300, "unable": 5},
        {"Based on TV": 200, "Based on Toy": 1}, {"cars": 300, "cats": 3}, {"C": 100, "C#": 5, "C++": 4}, {"CA": 500, "GA": 4}, {"2-10": 90, "210": 2},
        {"SKYWEST AIRLINES": 300, "SUNWEST AIRLINES": 2}, {"AMERICAN CROW": 90, "AMERICAN COOT": 2}, {"Monroe": 60, "Conroe": 1},
        {"Cleveland": 90, "Loveland": 1}, {"737-76N": 80, "737-76Q": 1}, {"A-320": 200, "C-320": 2}, {"Austria": 400, "Australia": 30}, {"single": 500, "singles": 30},
    ],
)  # fmt: skip
def test_kept_apart(values: dict[str, int]) -> None:
    assert merged_spellings(values) == {}
