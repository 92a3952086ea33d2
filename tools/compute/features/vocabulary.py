"""The functions a formula may use: what each takes and gives, what it learns, and how it reads in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from opsmith.tools.compute.features import formulas, formulas_text, formulas_time, learned

Kind = Literal["number", "category", "text", "date", "literal number", "literal text"]
Learns = Literal["nothing", "rows", "target"]


@dataclass(frozen=True)
class Function:
    """One function of the language.

    takes: kinds of its arguments; the last `optional` may be left out, and with `more` the last may be repeated.
    fit(values, target) gives plain values that `apply` receives as `learned`. past: it reads earlier rows.
    words: how it reads, with {0}, {1} for the arguments ({rest} for all from the second on).
    """

    name: str
    takes: tuple[Kind, ...]
    gives: Kind
    apply: Callable[..., Any]
    words: str
    fit: Callable[..., dict[str, Any]] | None = None
    learns: Learns = "nothing"
    optional: int = 0
    more: bool = False
    past: bool = False

    @property
    def usage(self) -> str:
        """Its arguments in words, for an error."""
        return ", ".join(self.takes) + (", ..." if self.more else "") or "nothing"


N: Kind = "number"
C: Kind = "category"
T: Kind = "text"
D: Kind = "date"
LN: Kind = "literal number"
LT: Kind = "literal text"
f, ft, fx = formulas, formulas_time, formulas_text

_ALL: tuple[Function, ...] = (
    Function("add", (N, N), N, f.add, "{0} plus {1}"),
    Function("subtract", (N, N), N, f.subtract, "{0} minus {1}"),
    Function("multiply", (N, N), N, f.multiply, "{0} times {1}"),
    Function("divide", (N, N), N, f.divide, "{0} divided by {1}"),
    Function("log", (N,), N, f.log, "the logarithm of {0}"),
    Function("sqrt", (N,), N, f.sqrt, "the square root of {0}"),
    Function("abs", (N,), N, f.absolute, "the size of {0}"),
    Function("min", (N, N), N, f.smaller, "the smaller of {0} and {1}"),
    Function("max", (N, N), N, f.larger, "the larger of {0} and {1}"),
    Function("over", (N, LN), N, f.over, "whether {0} is above {1}"),
    Function("under", (N, LN), N, f.under, "whether {0} is below {1}"),
    Function("is", (C, LT), N, f.equals, "whether {0} is {1}"),
    Function("missing", (C,), N, f.missing, "whether {0} is missing"),
    Function("filled", (N, LN), N, f.filled, "{0}, or {1} where it is missing"),
    Function("cross", (C, C), C, f.cross, "the combination of {0} and {1}"),
    Function(
        "rare",
        (C, LN),
        C,
        f.grouped_rare,
        "{0} with words seen fewer than {1} times put together",
        learned.grouped_rare,
        "rows",
    ),
    Function("frequency", (C,), N, f.frequency, "how common the value of {0} is", learned.frequency, "rows"),
    Function(
        "target_mean", (C,), N, f.target_mean, "the usual outcome for the value of {0}", learned.target_mean, "target"
    ),
    Function(
        "mean_by", (N, C), N, f.mean_by, "the mean of {0} among rows with the same {1}", learned.group_means, "rows"
    ),
    Function(
        "deviation_by",
        (N, C),
        N,
        f.deviation_by,
        "how far {0} lies from its mean among rows with the same {1}",
        learned.group_means,
        "rows",
    ),
    Function("z_by", (N, C), N, f.z_by, "how unusual {0} is among rows with the same {1}", learned.group_means, "rows"),
    Function(
        "rank_by", (N, C), N, f.rank_by, "the rank of {0} among rows with the same {1}", learned.group_grids, "rows"
    ),
    Function("bins", (N, LN), N, f.bins, "{0} in {1} equally full bins", learned.bin_edges, "rows"),
    Function("scaled", (N,), N, f.scaled, "{0} in standard deviations from its mean", learned.standard, "rows"),
    Function(
        "component", (LN, N), N, f.component, "principal component {0} of {rest}", learned.component, "rows", more=True
    ),
    Function(
        "weighted",
        (N,),
        N,
        f.weighted,
        "the sum of {0}, {rest}, each weighted as it goes with the outcome",
        learned.outcome_weights,
        "target",
        more=True,
    ),
    Function("year", (D,), N, ft.year, "the year of {0}"),
    Function("month", (D,), N, ft.month, "the month of {0}"),
    Function("day", (D,), N, ft.day, "the day of the month of {0}"),
    Function("weekday", (D,), N, ft.weekday, "the day of the week of {0} (0 is Monday)"),
    Function("hour", (D,), N, ft.hour, "the hour of {0}"),
    Function("day_of_year", (D,), N, ft.day_of_year, "the day of the year of {0}"),
    Function("sin", (N, LN), N, ft.sine, "{0} on a circle of {1} (sine)"),
    Function("cos", (N, LN), N, ft.cosine, "{0} on a circle of {1} (cosine)"),
    Function("days_between", (D, D), N, ft.days_between, "days from {0} to {1}"),
    Function("days_since", (D, LT), N, ft.days_since, "days from {1} to {0}"),
    Function("holiday", (D, LT), N, ft.holiday, "whether {0} is a public holiday in {1}", learned.holidays_of, "rows"),
    Function(
        "lag", (N, LN, D, C), N, ft.lag, "{0} {1} rows earlier by {2}", learned.history, "rows", past=True, optional=1
    ),
    Function(
        "past_mean",
        (N, LN, D, C),
        N,
        ft.past_mean,
        "the mean of {0} over the {1} rows before by {2}",
        learned.history,
        "rows",
        past=True,
        optional=1,
    ),
    Function(
        "past_change",
        (N, LN, D, C),
        N,
        ft.past_change,
        "how far {0} lies from its mean over the {1} rows before by {2}",
        learned.history,
        "rows",
        past=True,
        optional=1,
    ),
    Function("letters", (T,), N, fx.letters, "the length of {0}"),
    Function("words", (T,), N, fx.word_count, "the number of words in {0}"),
    Function("capitals", (T,), N, fx.share_of_capitals, "the share of capitals in {0}"),
    Function("digits", (T,), N, fx.digits, "the number of digits in {0}"),
    Function("marks", (T,), N, fx.marks, "the number of exclamation and question marks in {0}"),
    Function("sentiment", (T,), N, fx.sentiment, "how kind the words of {0} are"),
    Function("word_at", (T, LN), C, fx.word_at, "word {1} of {0}"),
    Function("title_of", (T,), C, fx.title_of, "the title in {0}"),
    Function("first_letters", (T,), C, fx.letters_before_digits, "the letters that {0} begins with"),
    Function("mentions", (T, LT), N, fx.mentions, "how many of the keywords {0} mentions", more=True),
    Function(
        "keyword_risk",
        (T, LT),
        N,
        fx.keyword_risk,
        "the weights of the telling terms in {0}, added up",
        learned.term_weights,
        "target",
        optional=1,
        more=True,
    ),
    Function(
        "wording", (T,), N, fx.wording, "what the wording of {0} says of the outcome", learned.text_direction, "target"
    ),
    Function("topic", (T, LN), N, fx.topic, "a common theme of the words of {0}", learned.topic, "rows"),
)
FUNCTIONS: dict[str, Function] = {one.name: one for one in _ALL}
