"""Columns exchanged for some rows, sums that do not hold, groups in another unit: found, and honest pairs left in peace."""

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.profile_pairs import pair_of_columns_findings

from .profiled import found_by

RNG = np.random.default_rng(8)
N = 800


def pairs(**columns):
    return found_by(pair_of_columns_findings, pd.DataFrame(columns))


def low_high():
    low = RNG.normal(10, 3, N).round(2)
    return low, (low + RNG.gamma(3, 1, N) + 0.2).round(2)


def test_numbers_exchanged_in_few_rows_are_told_and_a_chance_order_is_not():
    low, high = low_high()
    assert pairs(low=low, high=high) == []
    turned = np.arange(N) % 40 == 0
    (found,) = pairs(low=np.where(turned, high, low), high=np.where(turned, low, high))
    assert found.id == "swapped_columns" and found.evidence["count"] == 20 and set(found.rows) <= set(range(0, N, 40))
    assert pairs(debt=RNG.gamma(1, 5, N), assets=RNG.gamma(3, 40, N)) == []


def test_words_exchanged_in_few_rows():
    city, fruit = RNG.choice(["Graz", "Linz", "Wels"], N), RNG.choice(["apple", "pear"], N)
    assert pairs(city=city, fruit=fruit, x=RNG.normal(size=N)) == []
    s = np.arange(N) < 12
    (found,) = pairs(city=np.where(s, fruit, city), fruit=np.where(s, city, fruit), x=RNG.normal(size=N))
    assert found.id == "swapped_columns" and found.evidence["count"] == 12
    assert pairs(origin=city, dest=RNG.permutation(city), x=RNG.normal(size=N)) == []


@pytest.mark.parametrize("sign", ["×", "+"])
def test_sums_and_products_that_do_not_hold(sign):
    a, b = RNG.gamma(3, 10, N).round(2), RNG.integers(1, 30, N)
    c = (a * b if sign == "×" else a + b).round(2)
    assert pairs(a=a, b=b, c=c) == []
    c[:7] += 3
    (found,) = pairs(a=a, b=b, c=c)
    assert found.id == "arithmetic_violated" and found.evidence["count"] == 7 and found.columns[0] == "c"
    assert found.rows == (0, 1, 2, 3, 4)


def test_one_group_in_another_unit_and_groups_that_just_differ():
    group = RNG.choice(["a", "b", "c", "d"], N)
    price = RNG.lognormal(3, 0.5, N)
    (found,) = pairs(group=group, price=np.where(group == "c", price * 100, price))
    assert found.id == "group_scale" and found.evidence["factor"] == pytest.approx(100, rel=0.3)
    graded = price * np.select([group == g for g in "abcd"], [1, 4, 16, 64])
    assert pairs(group=group, price=graded) == []


def test_values_given_to_others_once_and_for_good():
    account = RNG.integers(0, 40, 1600)
    owner = np.array(["Ada", "Bo", "Cy", "Di", "Eve"])[account % 5]
    assert pairs(account=account, owner=owner, x=RNG.normal(size=1600)) == []
    moved = (np.arange(1600) > 900) & (account % 8 == 3)
    (found,) = pairs(account=account, owner=np.where(moved, "Zoe", owner), x=RNG.normal(size=1600))
    assert found.id == "reassigned" and found.evidence["count"] == 5 and found.columns == ("account", "owner")


def test_a_total_without_a_label():
    x = np.r_[RNG.integers(1, 90, N), 0]
    x[-1] = x.sum()
    (found,) = pairs(x=x, y=np.r_[RNG.normal(size=N), np.nan])
    assert found.id == "total_row" and found.rows == (N,)
