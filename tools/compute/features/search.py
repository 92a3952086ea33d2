"""Find the few features that prove their worth: screening, successive halving, then forward selection on held-out folds.

1. Every family's candidates are tested on a small sample against what the present model leaves unexplained; the strongest
   go on to larger samples (successive halving, Jamieson & Talwalkar 2016, arXiv:1502.07943).
2. The strongest that pass a test allowing for the number of candidates are added one at a time, each only if it raises the
   score over repeated held-out folds by more than chance (Nadeau & Bengio); then the rest is tested anew.
3. It stops when nothing gains, at the wished number, or when the time is up; what was found until then is kept.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from opsmith.tools.compute.features import compute
from opsmith.tools.compute.features.expansion import expanded
from opsmith.tools.compute.features.expression import Call, Node, check, columns_of, learns, looks_back
from opsmith.tools.compute.features.families import SUM, Family
from opsmith.tools.compute.features.look import Look
from opsmith.tools.compute.features.metrics import Gain, gain
from opsmith.tools.compute.features.problem import Engine, Problem, TimeUp
from opsmith.tools.compute.features.screening import BoostedScreen, LinearScreen, table_of
from opsmith.tools.contract import Cancelled

STAGES = ((2_000, 400), (8_000, 120), (40_000, 120))  # rows looked at, candidates that go on
CHANCE = 0.02  # that one or more of all candidates passes the screening by luck
SPARE = 20  # more than go on are looked at, as some may be leaks
CLEAR = 0.001  # chance of another shape of a column that stands out
KIN = 3  # such shapes that are measured as well
TRIED = 6  # candidates of one round that are measured on held-out folds
LEAST = {"auc": 0.0005, "ap": 0.0005, "f1": 0.001, "accuracy": 0.001, "r2": 0.001}  # gains below are not worth a column
SHUFFLES = 3  # shuffled outcomes whose strongest candidate a true one must beat
MOST_CELLS = 60_000_000  # of a screening table in single precision
MOST_KEPT = 100_000_000  # bytes of a table that the second model is given as well


@dataclass(frozen=True)
class Feature:
    """A candidate that proved itself. gain: over the features before it; cost: milliseconds for a thousand rows."""

    node: Node
    family: str
    engine: Engine
    gain: Gain
    cost: float


@dataclass
class Outcome:
    """What a search found for one of the two models, what it looked at, and what it did not get to in its time."""

    engine: Engine
    before: list[float] = field(default_factory=list)  # scores of the table as it is, one a held-out fold
    after: list[float] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    made: int = 0  # candidates that the families proposed
    tried: int = 0  # of them, tested on a sample
    measured: int = 0  # of them, measured on held-out folds
    passed: int = 0
    closest: list[tuple[Node, float]] = field(default_factory=list)  # measured, with their gain, but not kept
    shuffled: int = 0  # candidates that passed against a shuffled outcome
    stopped: str = ""
    cut: bool = False  # the time was up before the search had come to its end

    @property
    def total(self) -> float:
        """The mean gain of all features together."""
        return float(np.mean(self.after) - np.mean(self.before)) if self.after else 0.0


def search(
    problem: Problem,
    engine: Engine,
    families: Sequence[Family],
    *,
    most: int = 10,
    progress: Callable[[float | None, str], None] = lambda fraction, note: None,
    refused: Callable[[Node, np.ndarray], bool] = lambda node, values: False,
) -> Outcome:
    """The features that gain for one model, in the order they were found, within the problem's time.

    refused: whether a candidate's values give the outcome away.
    """
    found = Outcome(engine)
    pool = _Pool(problem, engine, families, refused, found)
    chosen: list[Node] = []
    try:
        progress(0.01, f"measuring the {engine} model as it is")
        found.before = problem.scores(engine, (), 1)
        progress(0.03, f"making candidates for the {engine} model")
        pool.narrow(progress)
        while len(found.features) < most:
            screen = pool.screen(chosen)
            ranked = pool.ranked(screen, chosen)
            if not found.features:
                found.passed, found.shuffled = len(ranked), pool.control(screen)
            if engine == "boosted" and not found.features:
                ranked = [*(n for n in pool.nodes if found_family(n) == SUM and n not in ranked), *ranked]
            if not ranked:
                found.stopped = "no further candidate stands out from chance"
                break
            best = _best(problem, engine, chosen, ranked, found) or _best(problem, engine, chosen, pool.kin, found)
            if best is None:
                found.stopped = "no further candidate gains on the held-out folds"
                break
            chosen.append(best.node)
            found.features.append(best)
            pool.add(expanded(best.node, pool.look))
            progress(None, f"{engine}: {len(chosen)} kept of {found.tried:,} tried")
        else:
            found.stopped = f"{most} features are enough"
        found.cut = pool.cut
    except TimeUp:
        found.stopped, found.cut = "the time was up", True
    except Cancelled:
        found.stopped = "it was stopped"
    if found.features:  # measured already when the last of them proved itself
        found.before = problem.scores(engine, (), 2)
        found.after = problem.scores(engine, chosen, 2)
    return found


def _best(problem: Problem, engine: Engine, chosen: list[Node], ranked: list[Node], found: Outcome) -> Feature | None:
    """The candidate that gains most over one run of the folds, if it gains over all of them by more than chance."""
    before = problem.scores(engine, chosen, 1)
    measured: list[tuple[float, Node]] = []
    for node in ranked[: _affordable(problem, engine)]:
        measured.append((float(np.mean(problem.scores(engine, [*chosen, node], 1)) - np.mean(before)), node))
        found.measured += 1
    measured.sort(key=lambda m: -m[0])
    for value, node in measured[: 3 if engine == "linear" else 2]:
        if value <= 0:
            break
        held_to_known = float(np.mean([len(te) / len(tr) for tr, te in problem.splits.folds[0]]))
        worth = gain(problem.scores(engine, chosen, 2), problem.scores(engine, [*chosen, node], 2), held_to_known)
        if worth.p < 0.05 and worth.mean >= LEAST.get(problem.metric, 0.0):
            return Feature(node, found_family(node), engine, worth, cost_of(problem, node))
        found.closest.append((node, worth.mean))
    found.closest += [(n, v) for v, n in measured if v <= 0 or (n, v) not in found.closest][
        : max(0, 3 - len(found.closest))
    ]
    return None


def _affordable(problem: Problem, engine: Engine) -> int:
    """Candidates of one round that are measured: fewer where a model takes long, so that the best can still be proved."""
    one = problem.longest.get(engine, 0.0) * sum(len(f) for f in problem.splits.folds)
    return TRIED if one <= 0 else max(2, min(TRIED, int(problem.left() / one) - 2))


def cost_of(problem: Problem, node: Node) -> float:
    """Milliseconds that the formula takes for a thousand rows."""
    rows = compute.Rows(problem.frame.head(1000))
    fitted = compute.fit(node, rows, problem.outcome[: len(rows)])[1]
    fresh = compute.Rows(problem.frame.head(1000))
    start = time.perf_counter()
    compute.apply(node, fresh, fitted)
    return (time.perf_counter() - start) * 1000 * 1000 / max(1, len(fresh))


class _Pool:
    """The candidates that are still in the race, with their values on the rows of the present stage."""

    def __init__(
        self,
        problem: Problem,
        engine: Engine,
        families: Sequence[Family],
        refused: Callable[[Node, np.ndarray], bool],
        found: Outcome,
    ):
        self.problem, self.engine, self.refused, self.found = problem, engine, refused, found
        self.look = Look(problem, problem.sample(5_000))
        self.families = families
        self.nodes: list[Node] = []
        self.cut = False
        self.rows = problem.sample(STAGES[-1][0])
        self.table = np.zeros((0, 0), dtype=np.float32)
        self._tried: Counter[str] = Counter()  # candidates of each family
        self._refused: dict[Node, bool] = {}
        self.kin: list[Node] = []  # other shapes of what stood out last

    def _candidates(self, most: int) -> list[Node]:
        """Every family's candidates, each once; large families are cut where together they would be too many."""
        lists = [(f.name, list(dict.fromkeys(f.candidates(self.look)))) for f in self.families]
        kept: dict[Node, str] = {}
        places = [0] * len(lists)
        while len(kept) < most and any(place < len(nodes) for place, (_, nodes) in zip(places, lists, strict=True)):
            for i, (name, nodes) in enumerate(lists):  # in turn, so that little time still means some of every family
                for node in nodes[places[i] : places[i] + 16]:
                    kept.setdefault(node, name)
                places[i] += 16
        for node, name in kept.items():
            check(node, self.problem.roles.kinds)
            _FAMILY[node] = name
        texts = set(self.problem.roles.of("text"))
        return sorted(kept, key=lambda node: _burden(node, texts))  # where time is short, the quick ones are all tested

    def narrow(self, progress: Callable[[float | None, str], None]) -> None:
        """Successive halving: from all candidates on few rows to few candidates on all rows.

        Where the time does not allow a larger sample, the candidates are judged on the smaller one.
        """
        size = min(STAGES[0][0], len(self.problem.y))
        self.nodes = self._candidates(max(400, min(6_000, MOST_CELLS // size)))
        self.found.made = len(self.nodes)
        whole = self.problem.left()
        for number, (most_rows, keep) in enumerate(STAGES):
            rows = self.problem.sample(most_rows)
            progress(0.05 + 0.1 * number, f"testing {len(self.nodes):,} candidates on {len(rows):,} rows")
            until = whole * (0.75 - 0.2 * number)  # seconds of the whole that must be left for what comes after
            table = self._table(number, rows, until)
            if not number:
                self.found.tried = table.shape[1]
                self._tried = Counter(_FAMILY[node] for node in self.nodes[: table.shape[1]])
                self.cut = table.shape[1] < len(self.nodes)
            elif table.shape[1] < min(len(self.nodes), 2 * TRIED):
                return  # too few of them for a choice
            self.rows, self.table, self.nodes = rows, table, self.nodes[: table.shape[1]]
            if len(self.rows) == len(self.problem.y) or number == len(STAGES) - 1:
                return
            strongest = np.argsort(-self._strengths(self.screen(()))[0], kind="stable")[: keep + SPARE]
            self._keep(np.array([i for i in strongest if not self._gives_away(i)][:keep], dtype=int))

    def _gives_away(self, place: int) -> bool:
        """Whether a candidate tells the outcome: asked only of those that stand out, as a leak does."""
        node = self.nodes[place]
        if node not in self._refused:
            self._refused[node] = self.refused(node, self.table[:, place])
        return self._refused[node]

    def _table(self, stage: int, rows: np.ndarray, until: float) -> np.ndarray:
        """The candidates' values; those of the first stage are the same for both models and are computed once."""
        problem = self.problem
        known: np.ndarray | None = None
        if stage == 0 and problem.shared.get("nodes") == self.nodes:
            known = problem.shared["table"]
        start = 0 if known is None else known.shape[1]
        table = table_of(problem, self.nodes[start:], rows, lambda: problem.left() - until)
        if known is not None:
            table = np.column_stack([known, table])
        if stage == 0 and table.nbytes < MOST_KEPT:
            problem.shared.update(nodes=list(self.nodes), table=table)
        return table

    def _keep(self, order: np.ndarray) -> None:
        self.nodes, self.table = [self.nodes[i] for i in order], self.table[:, order]

    def screen(self, chosen: Sequence[Node]) -> LinearScreen | BoostedScreen:
        return (LinearScreen if self.engine == "linear" else BoostedScreen)(self.problem, chosen, self.rows)

    def ranked(self, screen: LinearScreen | BoostedScreen, chosen: Sequence[Node]) -> list[Node]:
        """Candidates that stand out from chance though so many were tried, strongest first; near copies once."""
        strengths, *shuffled = self._strengths(screen, self._orders(screen))
        passing = np.flatnonzero(self._passes(screen, strengths, shuffled))
        order = passing[np.argsort(-strengths[passing], kind="stable")]
        kept: list[int] = []
        for i in order[:60]:
            if self.nodes[i] in chosen or self._gives_away(int(i)):
                continue
            if not any(alike(self.table[:, i], self.table[:, j]) for j in kept[:TRIED]):
                kept.append(int(i))
        self.kin = self._other_shapes(kept[:TRIED], kept, strengths, screen.p(strengths))
        return [self.nodes[i] for i in kept]

    def _other_shapes(self, first: list[int], known: list[int], strengths: np.ndarray, p: np.ndarray) -> list[Node]:
        """Candidates over the same columns as what stands out: a limit may pass where the bins of a column gain more."""
        told = {frozenset(columns_of(self.nodes[i])) for i in first}
        found: list[int] = []
        for i in np.argsort(-strengths, kind="stable"):
            if p[i] > CLEAR or len(found) == KIN:
                break
            if i in known or frozenset(columns_of(self.nodes[i])) not in told or self._gives_away(int(i)):
                continue
            if not any(alike(self.table[:, i], self.table[:, j]) for j in (*first, *found)):
                found.append(int(i))
        return [self.nodes[i] for i in found]

    def control(self, screen: LinearScreen | BoostedScreen) -> int:
        """How many candidates pass when the residuals are dealt out to the rows at random: a test of the test."""
        first, *orders = self._orders(screen, SHUFFLES + 1)
        _, strengths, *shuffled = self._strengths(screen, [first, *orders])
        return int(self._passes(screen, strengths, shuffled).sum())

    def _passes(
        self, screen: LinearScreen | BoostedScreen, strengths: np.ndarray, shuffled: Sequence[np.ndarray]
    ) -> np.ndarray:
        """Which candidates are stronger than chance allows, and than the strongest against each shuffled outcome.

        Every family has an equal share of the chance (weighted Bonferroni, Genovese, Roeder & Wasserman 2006,
        doi:10.1093/biomet/93.3.509), so that the few of a small family need not stand out from thousands of products.
        """
        families = [_FAMILY.get(node, "grown") for node in self.nodes]
        limits = np.array([CHANCE / len(self._tried) / self._tried[f] for f in families])
        luck = min(float((screen.p(s) / limits).min(initial=1.0)) for s in shuffled)
        return np.asarray(screen.p(strengths) / limits < luck)

    def _strengths(self, screen: LinearScreen | BoostedScreen, orders: Sequence[np.ndarray] = ()) -> np.ndarray:
        rising = np.array([rises(node) for node in self.nodes], dtype=bool)
        one_sided = rising & (self.problem.task != "multiclass")
        return screen.strengths(self.table, orders, one_sided)

    def _orders(self, screen: LinearScreen | BoostedScreen, count: int = SHUFFLES) -> list[np.ndarray]:
        """Orders for shuffled residuals: a true candidate must beat the strongest against each (Westfall & Young 1993)."""
        seeds = ([self.problem.seed, count, i] for i in range(count))
        return [np.random.default_rng(seed).permutation(len(screen.residuals)) for seed in seeds]

    def add(self, nodes: Sequence[Node]) -> None:
        """New candidates that grow from a kept one."""
        known = set(self.nodes)
        fresh = [n for n in dict.fromkeys(nodes) if n not in known]
        if not fresh:
            return
        table = table_of(self.problem, fresh, self.rows, self.problem.left)
        fresh = fresh[: table.shape[1]]
        self.nodes += fresh
        self.table = np.column_stack([self.table, table])
        self._tried["grown"] += len(fresh)
        self.found.made += len(fresh)
        self.found.tried += len(fresh)
        for node in fresh:
            _FAMILY[node] = "grown"


_FAMILY: dict[Node, str] = {}


def _burden(node: Node, texts: set[str]) -> int:
    """How long a formula takes, in three steps: the row alone, the other rows too, the outcome or words."""
    if learns(node) == "target" or texts & set(columns_of(node)):
        return 2
    return 0 if learns(node) == "nothing" and not looks_back(node) else 1


_RISING = ("target_mean", "keyword_risk", "wording", "weighted")


def rises(node: Node) -> bool:
    """Whether a candidate is an estimate of the outcome, so that only rising with it speaks for it.

    Where there is nothing to learn, a cross-fitted estimate falls with the row's own outcome, which it was kept from.
    """
    return isinstance(node, Call) and node.name in _RISING


def found_family(node: Node) -> str:
    """The family that proposed a candidate."""
    return _FAMILY.get(node, "given")


def alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two columns say nearly the same (correlation beyond 0.995)."""
    both = ~(np.isnan(a) | np.isnan(b))
    if both.sum() < 10:
        return False
    x, y = a[both].astype(float), b[both].astype(float)
    width = float(x.std() * y.std())
    return width > 0 and abs(float(np.mean((x - x.mean()) * (y - y.mean())))) / width > 0.995
