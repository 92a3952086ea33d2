"""Steps for free text; each is one function of `tools.compute.text*` applied to every distinct cell."""

from __future__ import annotations

from collections.abc import Callable

from opsmith.tools.compute import text as texts
from opsmith.tools.compute.cells import Batch, is_text
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.compute.text_abbreviations import spell_out
from opsmith.tools.compute.text_language import language_of, sentences, without_stop_words
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import quoted


def _each(make: Callable[[Step, Fitted], Callable[[str], str | None]]) -> Callable[[Batch, Step, Fitted], None]:
    def apply(batch: Batch, step: Step, fitted: Fitted) -> None:
        function = make(step, fitted)
        for column in step.columns:
            if is_text(batch.table.schema.field(column).type):
                batch.map(column, function)

    return apply


def _emoji(step: Step, fitted: Fitted) -> Callable[[str], str]:
    how = str(step.options.get("how", "drop"))
    if how not in ("drop", "describe"):
        raise ToolError(f"Emoji can be dropped or described, not {how!r}.")
    return lambda text: texts.emoji_as(text, how)


def _abbreviations(step: Step, fitted: Fitted) -> Callable[[str], str]:
    extra = {str(k): str(v) for k, v in step.options.get("extra", {}).items()}
    keep = frozenset(str(w).lower() for w in step.options.get("keep", ()))
    return lambda text: spell_out(text, extra, keep)


def _punctuation(step: Step, fitted: Fitted) -> Callable[[str], str]:
    marks = str(step.options.get("marks", ""))
    if step.options.get("how") == "remove":
        return lambda text: texts.without_punctuation(text, marks)
    return texts.punctuated


def _spelling(step: Step, fitted: Fitted) -> Callable[[str], str]:
    from opsmith.tools.compute.text_spelling import corrected

    keep = frozenset(fitted.get("keep", ())) | {str(w).lower() for w in step.options.get("keep", ())}
    return lambda text: corrected(text, keep)


def _fit_spelling(source: Source, step: Step) -> Fitted:
    """The columns' own vocabulary, from at most 50,000 texts: words used often, and words written with capitals."""
    from opsmith.tools.compute.text_spelling import own_vocabulary

    found: set[str] = set()
    for column in step.columns:
        rows = source.sql(f"SELECT {quoted(column)}::VARCHAR FROM data WHERE {quoted(column)} IS NOT NULL LIMIT 50000")
        found |= own_vocabulary(str(row[0]) for row in rows)
    return {"keep": sorted(found)}


def _language(batch: Batch, step: Step, fitted: Fitted) -> None:
    import pyarrow as pa

    for column in step.columns:
        encoded = batch.array(column).cast(pa.string()).dictionary_encode()
        found = pa.array([language_of(t) or None for t in encoded.dictionary.to_pylist()], pa.string())
        batch.add(f"{column}_language", found.take(encoded.indices))


def _sentences(batch: Batch, step: Step, fitted: Fitted) -> None:
    import pyarrow as pa

    for column in step.columns:
        texts_there = batch.array(column).cast(pa.string()).to_pylist()
        batch.add(
            f"{column}_sentences",
            pa.array([None if t is None else sentences(t) for t in texts_there], pa.list_(pa.string())),
        )


KINDS = (
    StepKind("fix_text", _each(lambda step, fitted: texts.fixed)),
    StepKind("strip_html", _each(lambda step, fitted: texts.without_html)),
    StepKind("strip_emoji", _each(_emoji)),
    StepKind("contractions", _each(lambda step, fitted: texts.expanded)),
    StepKind("abbreviations", _each(_abbreviations)),
    StepKind("punctuation", _each(_punctuation)),
    StepKind("repeats", _each(lambda step, fitted: texts.unstretched)),
    StepKind("spelling", _each(_spelling), _fit_spelling),
    StepKind("stop_words", _each(lambda step, fitted: without_stop_words)),
    StepKind("language", _language),
    StepKind("sentences", _sentences),
)
