"""What the functions of the formula language learn from the rows they are fitted on, as plain JSON values.

`target` here is a float array: 0 and 1 for a yes/no outcome, one column a class for several, the number itself else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from opsmith.tools.compute.features.formulas_text import embedded, terms_of, words_of

MOST_LEVELS, MOST_TERMS = 5000, 300
_SMOOTHING = 20.0  # rows of the overall mean that a word's own mean is mixed with

Learned = dict[str, Any]


def frequency(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Share of the rows of each word."""
    counts = pd.Series(values[0], dtype=object).value_counts()
    return {"share": {str(k): float(v) / max(1, len(values[0])) for k, v in counts.head(MOST_LEVELS).items()}}


def target_mean(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Smoothed mean outcome of each word (Micci-Barreca 2001, doi:10.1145/507533.507538)."""
    assert target is not None
    means = pd.DataFrame({"word": values[0], "y": target}).groupby("word")["y"].agg(["sum", "count"])
    means = means.nlargest(MOST_LEVELS, "count", keep="first")
    overall = float(np.mean(target)) if len(target) else 0.0
    mixed = (means["sum"] + _SMOOTHING * overall) / (means["count"] + _SMOOTHING)
    return {"mean": {str(k): float(v) for k, v in mixed.items()}, "overall": overall}


def grouped_rare(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Words that occur often enough to stay."""
    counts = pd.Series(values[0], dtype=object).value_counts()
    return {"kept": [str(k) for k, n in counts.items() if n >= float(values[1])][:MOST_LEVELS]}


def group_means(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Mean and standard deviation of a number in each group of at least three rows."""
    found = pd.DataFrame({"a": values[0], "g": values[1]}).groupby("g")["a"].agg(["mean", "std", "count"])
    found = found[found["count"] >= 3].nlargest(MOST_LEVELS, "count", keep="first")
    known = np.asarray(values[0], float)
    known = known[~np.isnan(known)]
    spread = float(known.std()) if len(known) else 1.0
    spread = spread or 1.0
    return {
        "mean": {str(k): float(v) for k, v in found["mean"].items()},
        "std": {str(k): float(v) if v and v > 1e-12 else spread for k, v in found["std"].items()},
        "overall": float(known.mean()) if len(known) else 0.0,
        "spread": spread,
    }


def group_grids(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Twenty-one quantiles of a number in each of the 500 largest groups, and over all rows."""
    frame = pd.DataFrame({"a": values[0], "g": values[1]}).dropna(subset=["a"])
    steps = np.linspace(0, 1, 21)
    every = frame["a"].quantile(steps).tolist() if len(frame) else [0.0, 1.0]
    large = frame["g"].value_counts()
    groups = large[large >= 20].head(500).index
    grid = {str(k): frame.loc[frame["g"] == k, "a"].quantile(steps).tolist() for k in groups}
    return {"grid": grid, "all": [float(v) for v in every]}


def bin_edges(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Inner edges of bins that hold equally many rows."""
    known = np.asarray(values[0], float)
    known = known[~np.isnan(known)]
    count = min(50, max(2, int(values[1])))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, count + 1)[1:-1])) if len(known) else np.array([0.0])
    return {"edges": [float(e) for e in edges]}


def standard(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Mean and standard deviation."""
    known = np.asarray(values[0], float)
    known = known[~np.isnan(known)]
    return {
        "centre": float(known.mean()) if len(known) else 0.0,
        "width": (float(known.std()) if len(known) else 1.0) or 1.0,
    }


def component(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Means, widths and the loading of the wished principal component of standardised columns."""
    mean, width, filled = _standardised(values[1:])
    _, vectors = np.linalg.eigh(filled.T @ filled)
    index = min(len(mean), max(1, int(values[0])))
    weight = vectors[:, -index]
    weight = weight * np.sign(weight[np.argmax(np.abs(weight))] or 1.0)
    return {"mean": mean.tolist(), "width": width.tolist(), "weight": weight.tolist()}


def _standardised(columns: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, widths, and the columns in standard deviations from their means, where missing values count as the mean."""
    table = np.column_stack([np.asarray(v, float) for v in columns])
    mean = np.nan_to_num(np.nanmean(np.where(np.isnan(table).all(axis=0), 0.0, table), axis=0))
    centred = np.nan_to_num(table - mean)
    width = centred.std(axis=0)
    width[width < 1e-12] = 1.0
    return mean, width, centred / width


def holidays_of(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """The public holidays of a country (two letters) in the years of the rows and the ten after."""
    import holidays

    when = pd.DatetimeIndex(values[0]).dropna()
    years = range(int(when.year.min()), int(when.year.max()) + 11) if len(when) else range(2020, 2031)
    known = holidays.country_holidays(str(values[1]), years=list(years))
    return {"days": sorted(str(d) for d in known)}


def history(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """The last values of each group in time order, for rows that come after; arguments: a, rows, when, group."""
    a, rows, when = np.asarray(values[0], float), int(values[1]), values[2]
    group = values[3]
    order = np.argsort(when, kind="stable")
    order = order[~np.isnat(when[order])]
    words = np.array(["" if g is None else g for g in group], dtype=object)[order]
    codes, levels = pd.factorize(words)
    tail = {
        str(level): _plain(a[order[codes == code]][-rows:]) for code, level in list(enumerate(levels))[:MOST_LEVELS]
    }
    return {"tail": tail, "last": str(when[order[-1]]) if len(order) else ""}


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]


def term_weights(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Terms and their weights: smoothed log-odds with an informative prior (Monroe, Colaresi & Quinn 2008,
    doi:10.1093/pan/mpn018) for a yes/no outcome, shrunken differences in standard deviations for a quantity.

    Without given keywords, terms in 0.5 % to 60 % of the texts whose weight stands out from chance are chosen.
    """
    assert target is not None
    texts, given = values[0], [" ".join(words_of(str(k))) for k in values[1:]]
    terms = [terms_of(t) for t in texts]
    held = Counter(t for one in terms for t in one)
    least = max(5, 0.005 * len(texts))
    wanted = [g for g in given if held[g]] if given else [t for t, n in held.items() if least <= n <= 0.6 * len(texts)]
    wanted = sorted(wanted, key=lambda t: (-held[t], t))[:4000]
    y = np.asarray(target, float)
    yes_no = set(np.unique(y)) <= {0.0, 1.0}
    index = {t: i for i, t in enumerate(wanted)}
    counts, sums = np.zeros(len(wanted)), np.zeros(len(wanted))
    for one, outcome in zip(terms, y, strict=True):
        for term in one:
            if term in index:
                counts[index[term]] += 1
                sums[index[term]] += outcome
    overall, rows = float(y.mean()), len(y)
    if yes_no:
        prior = 2.0  # rows of the overall rate on either side
        yes, no = sums + prior * overall, counts - sums + prior * (1 - overall)
        rest_yes, rest_no = y.sum() - sums + prior * overall, rows - counts - (y.sum() - sums) + prior * (1 - overall)
        weight = np.log(yes / no) - np.log(rest_yes / rest_no)
        error = np.sqrt(1 / yes + 1 / no + 1 / rest_yes + 1 / rest_no)
    else:
        spread = float(y.std()) or 1.0
        weight = (sums - counts * overall) / (counts + 5.0) / spread
        error = 1.0 / np.sqrt(counts + 5.0)
    strength = np.abs(weight) / error
    limit = 0.0 if given else 3.0  # about one false term in 400
    order = [i for i in np.argsort(-strength, kind="stable") if strength[i] > limit]
    chosen: list[int] = []
    held_by = _rows_with([wanted[i] for i in order[:200]], terms)
    for i in order[:200]:
        # a pair of words that one of its own words already tells is no second fact, nor is the other way round,
        # nor is a word of the same set phrase, which stands in the same texts
        told = any(
            set(wanted[i].split()) & set(wanted[j].split()) or _same(held_by[wanted[i]], held_by[wanted[j]])
            for j in chosen
        )
        if not told or given:
            chosen.append(int(i))
        if len(chosen) == 30 and not given:
            break
    return {"weights": {wanted[i]: round(float(weight[i]), 4) for i in chosen}}


def _rows_with(wanted: Sequence[str], terms: Sequence[Sequence[str]]) -> dict[str, set[int]]:
    """Numbers of the texts that hold each term."""
    found: dict[str, set[int]] = {t: set() for t in wanted}
    for row, one in enumerate(terms):
        for term in one:
            if term in found:
                found[term].add(row)
    return found


def _same(a: set[int], b: set[int]) -> bool:
    """Whether two terms stand in nearly the same texts (Jaccard index above 0.8)."""
    return len(a & b) > 0.8 * len(a | b)


def text_direction(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """The direction of texts' embeddings that goes with the outcome: ridge regression, its penalty by leave-one-out error."""
    assert target is not None
    x, y = embedded(values[0]), np.asarray(target, float)
    if len(y) < 20 or not y.std() > 0:
        return {"direction": [0.0] * x.shape[1]}
    return {"direction": [round(float(w), 5) for w in _ridge(x - x.mean(axis=0), (y - y.mean()) / y.std())]}


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Ridge regression of centred values, its penalty chosen by the leave-one-out error."""
    lengths, axes = np.linalg.eigh(x.T @ x)
    lengths, turned = np.maximum(lengths, 0.0), x @ axes
    pulled = turned.T @ y
    best, chosen = np.inf, 1.0
    for penalty in (0.3, 1.0, 3.0, 10.0, 30.0, 100.0):
        said = turned @ (pulled / (lengths + penalty))
        own = (turned**2) @ (1 / (lengths + penalty)) + 1 / len(y)
        error = float(np.mean(((y - said) / np.maximum(1 - own, 1e-6)) ** 2))
        if error < best:
            best, chosen = error, penalty
    return np.asarray(axes @ (pulled / (lengths + chosen)))


def outcome_weights(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Means, widths and weights of standardised columns, whose weighted sum goes with the outcome (ridge regression)."""
    assert target is not None
    mean, width, x = _standardised(values)
    y = np.asarray(target, float)
    weight = _ridge(x, (y - y.mean()) / y.std()) if len(y) >= 20 and y.std() > 0 else np.zeros(len(mean))
    return {"mean": mean.tolist(), "width": width.tolist(), "weight": [float(w) for w in weight]}


def topic(values: Sequence[Any], target: np.ndarray | None) -> Learned:
    """Inverse document frequency and singular vector of the words of texts, for one component."""
    from scipy.sparse.linalg import svds
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts, index = values[0], max(1, int(values[1]))
    empty: Learned = {"weights": {}}
    vectoriser = TfidfVectorizer(analyzer=words_of, min_df=2, max_features=MOST_TERMS, sublinear_tf=True)
    if len(texts) < 20 or len({w for t in texts[:2000] for w in words_of(t)}) < index + 2:
        return empty
    try:
        matrix = vectoriser.fit_transform(texts)
    except ValueError:  # every word occurs once
        return empty
    if min(matrix.shape) <= index + 1:
        return empty
    start = np.ones(min(matrix.shape))
    _, _, vectors = svds(matrix, k=index, v0=start)
    vector = vectors[0]  # singular values come in rising order, so the k-th is the first of k
    vector = vector * np.sign(vector[np.argmax(np.abs(vector))])
    names = vectoriser.get_feature_names_out()
    return {"weights": {str(w): [float(i), float(v)] for w, i, v in zip(names, vectoriser.idf_, vector, strict=True)}}
