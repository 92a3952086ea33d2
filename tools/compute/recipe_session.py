"""One cleaning from the opened table to the proposed files: staging, running, showing, cleaning up after itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

from opsmith.tools.compute import entities_table, model_requests, recipe_explain
from opsmith.tools.compute.cells import Listing, counted, shown
from opsmith.tools.compute.recipe import Recipe, Step, recipe_name, stem
from opsmith.tools.compute.recipe_output import default_output, ending_of, formula_cells, write_table
from opsmith.tools.compute.recipe_report import cut, figures, sentence, tables
from opsmith.tools.compute.recipe_run import BATCH_ROWS, Run, Stage, run_recipe, stage_rows
from opsmith.tools.compute.recipe_wants import Asked
from opsmith.tools.contract import Action, Context, Finding, Result, ToolError
from opsmith.tools.data import paths, propose
from opsmith.tools.data.table import open_table, quoted

_ONLY_DAY = "regexp_full_match(trim({}::VARCHAR), '[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}')"
_YEAR_FIRST = "regexp_matches(trim({}::VARCHAR), '^[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}')"


class Cleaning:
    """A context manager that holds the staged table and removes every intermediate file at the end."""

    def __init__(
        self, context: Context, dataset: str, output: str | None = None, call: Mapping[str, Any] | None = None
    ):
        self.context, self.asked_output, self.call = context, output, dict(call or {})
        self._scratch: list[Path] = []
        self.table = open_table(context, dataset)
        self._chosen = "*"
        target = self.scratch_file()
        if output:
            self._checked(output)
        try:
            self._keep_unclear_dates(dataset)
            reader = self.table.connection.sql(f"SELECT {self._chosen} FROM data").to_arrow_reader(BATCH_ROWS)
            stage_rows(reader, target, context.check, context.progress)
        except ToolError:
            raise
        except Exception as error:
            self._remove()
            said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ToolError(f"{self.table.name} could not be read to its end: {said}") from None
        limit = str(context.settings.get("memory_limit", "2GB"))
        self.source = Stage(target, limit, context.seed, context.check)
        self.after: Stage | None = None
        self.steps: tuple[Step, ...] = ()

    def _keep_unclear_dates(self, dataset: str) -> None:
        """Open the table again with dates as text where they are not written year first.

        What `03/04/2025` means is then decided here, column by column, and said; a reader would decide in silence.
        """
        dated = [c for c in self.table.columns if c.kind in ("date", "datetime")]
        text = (".csv", ".tsv", ".txt", ".gz", ".zip", ".zst")
        if not dated or self.table.path.suffix.lower() not in text:
            return
        written = open_table(self.context, dataset, dates=False)
        if [c.name for c in written.columns] != [c.name for c in self.table.columns]:
            written.close()
            return
        clear, plain_days = (
            written.sql(f"SELECT {', '.join(f'bool_and({form.format(quoted(c.name))})' for c in dated)} FROM data")[0]
            for form in (_YEAR_FIRST, _ONLY_DAY)
        )
        cast = {
            c.name: "DATE" if day is not False else "TIMESTAMP"
            for c, first, day in zip(dated, clear, plain_days, strict=True)
            if first is not False
        }
        if len(cast) == len(dated):
            written.close()
            return
        self.table.close()
        self.table = written
        columns = [c.name for c in written.columns]
        self._chosen = ", ".join(
            f"TRY_CAST({quoted(n)} AS {cast[n]}) AS {quoted(n)}" if n in cast else quoted(n) for n in columns
        )

    def __enter__(self) -> Cleaning:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.source.close()
        if self.after is not None:
            self.after.close()
        self.table.close()
        self._remove()

    def known_columns(self, named: Sequence[str]) -> tuple[str, ...]:
        """The columns as the table spells them. ToolError with the nearest names when one does not exist."""
        return tuple(dict.fromkeys(self.table.column(name).name for name in named))

    def known_edit(self, asked: Asked) -> Asked:
        """A change of the recipe with its columns as the table spells them."""
        goal = self.known_columns([asked.target])[0] if asked.target else None
        return replace(
            asked,
            columns=self.known_columns(asked.columns),
            exclude=self.known_columns(asked.exclude),
            by=self.known_columns(asked.by),
            target=goal,
        )

    def run(self, recipe: Recipe, watch: Sequence[int] | Listing = ()) -> Run:
        """Carry the recipe out into a staged file."""
        from opsmith.tools.compute.settings_of_steps import with_settings, without_places

        self.steps = with_settings(recipe.steps, self.context)
        ready = Recipe(recipe.dataset or self.table.name, self.steps)
        run = run_recipe(self.source, ready, self.scratch_file, watch=watch, progress=self.context.progress)
        run.recipe = Recipe(ready.dataset, without_places(self.steps))
        self.after = run.after if run.after is not self.source else None
        return run

    def explain(self, run: Run, asked: recipe_explain.Asked) -> Result:
        """What every step does to the rows asked about; with an output named, the whole list as a proposed file."""
        said, rows, shown_tables = recipe_explain.told(run, asked)
        data = {
            "rows": list(asked.rows),
            "changes": [dict(zip(recipe_explain.COLUMNS, map(cut, row), strict=True)) for row in rows[:1000]],
            "rows_removed": run.rows_removed,
            "cells_changed": run.cells_changed,
        }
        made: tuple[Action, ...] = ()
        if self.asked_output and rows:
            target = self.scratch_file(".csv")
            recipe_explain.write_list(rows, target, self._safe())
            name = self._checked(str(PurePosixPath(self.asked_output).with_suffix(".csv")))
            made = (propose.write(self.context, staged={name: target}, tables=shown_tables),)
        findings = tuple(recipe_explain.cut_short(run, asked))
        return Result(f"{self.table.name}: {said}.", data, findings, shown_tables, actions=made)

    def result(
        self,
        run: Run,
        findings: tuple[Finding, ...],
        *,
        dry_run: bool,
        row_numbers: bool = False,
        wished: bool = False,
    ) -> Result:
        """What the recipe does, with the files it would write as one action; entities are listed in a file beside.

        wished: steps were named, so that a copy is proposed although nothing was found to change.
        """
        data = figures(run)
        data["recipe"] = run.recipe.to_yaml()
        findings = (*findings, *_lost(run))
        asked = model_requests.wanted(self.steps, run)
        idle = not any(ledger.did_something for ledger in run.ledgers) or run.after is self.source
        odd = self._odd_form() if not run.recipe.steps else []
        if self.table.notes:
            findings = (*findings, Finding("how-read", "info", f"Read as: {'; '.join(self.table.notes)}."))
        if idle and not asked and not odd and (dry_run or not (run.recipe.steps or wished)):
            state = (
                "needs no cleaning that I can see"
                if not run.recipe.steps
                else "stays as it is: nothing to change was found"
            )
            return Result(
                f"{self.table.name} {state} ({self.source.rows:,} rows).",
                data,
                findings,
                tuple(tables(run)) if run.recipe.steps else (),
            )
        vectors = next((f for f in run.fitted if "dimensions" in f and "method" in f), None)
        output = self._checked(self.asked_output or self._default_output(run, vectors is not None))
        instead = [f.message for f in findings if f.id == "embedding-stand-in"]
        said = (
            f"no cell needs cleaning; {output} would be a plain copy ({'; '.join(odd)}), {self.source.rows:,} rows."
            if odd
            else f"nothing to change was found; {output} would be the same {self.source.rows:,} rows"
            if idle
            else sentence(run)
        )
        headline = " ".join([f"{self.table.name}: {said}", *instead])
        shown_tables = tuple(tables(run))
        beside: dict[str, Path] = {}
        step = next((s for s in self.steps if s.step == "entities"), None)
        if step is not None and set(step.columns) <= set(run.after.names):
            beside["_entities.csv"] = self.scratch_file(".csv")
            counts, found = entities_table.long_table(run.after, step, beside["_entities.csv"], self.context)
            shown_tables = (found, *shown_tables)
            data["entities"] = dict(counts)
            headline = entities_table.sentence(self.table.name, step, counts) + (
                f" {headline}" if len(run.recipe.steps) > 1 else ""
            )
        if asked:
            headline += f" {model_requests.sentence(asked)}"
        if dry_run:
            return Result(
                headline,
                {**data, "output": None},
                findings,
                shown_tables,
                next_steps=(f"clean {self.table.name} into {output}",),
            )
        if asked:
            proposed = model_requests.action(self.context, self.call, asked, output, shown_tables)
            return Result(headline, {**data, "output": output}, findings, shown_tables, actions=(proposed,))
        self.context.progress(None, f"writing {output}")
        ending = ending_of(output)
        staged = self.scratch_file(ending)
        marked = write_table(
            run.after, staged, ending, safe=self._safe(), row_numbers=row_numbers, metadata=_about(vectors)
        )
        recipe_file = recipe_name(output)
        report_file = recipe_file.removesuffix(".yaml") + ".report.json"
        report = {
            "version": 1,
            "source": self.table.name,
            "output": output,
            **{k: v for k, v in data.items() if k != "recipe"},
        }
        report["fitted"] = [_without_rows(f) for f in run.fitted]
        notes = [
            *instead,
            f"{self.table.name} itself is not changed.",
            f"The recipe {recipe_file} can be run again on other files.",
        ]
        if marked:
            notes.append(
                f"{marked:,} cells that a spreadsheet would run as a formula get an apostrophe in front "
                "(setting spreadsheet_safe)."
            )
        action = propose.write(
            self.context,
            texts={
                recipe_file: run.recipe.to_yaml(),
                report_file: json.dumps(report, indent=1, ensure_ascii=False, default=shown) + "\n",
            },
            staged={output: staged, **{_beside(output, end): path for end, path in beside.items()}},
            tables=shown_tables,
            notes=notes,
        )
        next_steps = (f"profile {output}", f"train a model on {output}")
        data = {**data, "output": output, "recipe_file": recipe_file, "report_file": report_file}
        return Result(headline, data, findings, shown_tables, actions=(action,), next_steps=next_steps)

    def _default_output(self, run: Run, vectors: bool) -> str:
        output = default_output(self.table.name, run.after.schema)
        if vectors:
            output = str(PurePosixPath(output).with_suffix(".parquet"))
        if paths.confined(self.context, output) == self.table.path.resolve():
            output = default_output(output, run.after.schema)
        return output

    def _odd_form(self) -> list[str]:
        """Why a file without a defect in its cells is still worth a plain copy: how it is written, formulas in it."""
        formulas = sum(formula_cells(self.source).values()) if self._safe() else 0
        text = self.table.path.suffix.lower() in (".csv", ".tsv", ".txt")
        told = [f"so far {n}" for n in self.table.notes if text and n != "delimiter tab"]
        if formulas and text:
            told.append(f"{counted(formulas, 'cell')} that a spreadsheet would run marked as text")
        return told

    def _safe(self) -> bool:
        """Whether formulas are marked as text in CSV and Excel files."""
        return str(self.context.settings.get("spreadsheet_safe", True)).lower() not in ("false", "0", "no", "off")

    def _checked(self, output: str) -> str:
        """The output as a project-relative name. ToolError when it is the original, or no format that can be written."""
        ending_of(output.strip().strip("`'\""))
        path = paths.confined(self.context, output)
        if path == self.table.path.resolve():
            raise ToolError(f"{self.table.name} is the original and is never overwritten. Name another output file.")
        return paths.relative(self.context, path)

    def scratch_file(self, ending: str = ".parquet") -> Path:
        """A fresh path for an intermediate file, removed at the end unless it was staged."""
        path = propose.new_scratch_file(self.context, ending)
        self._scratch.append(path)
        return path

    def _remove(self) -> None:
        for path in self._scratch:
            path.unlink(missing_ok=True)


def _beside(output: str, ending: str) -> str:
    return str(PurePosixPath(output).with_name(stem(output) + ending))


def _about(vectors: Mapping[str, Any] | None) -> dict[str, str]:
    """What a Parquet file says about the vectors in it."""
    return (
        {
            "embedding_method": str(vectors["method"]),
            "embedding_model": str(vectors["model"]),
            "embedding_dimensions": str(vectors["dimensions"]),
        }
        if vectors
        else {}
    )


def _lost(run: Run) -> list[Finding]:
    """Cells that held something and are missing now, for steps whose purpose is not just that."""
    found = []
    for step, ledger in zip(run.recipe.steps, run.ledgers, strict=True):
        if step.step in ("missing", "range") or (step.step == "cast" and step.reason != "asked for"):
            continue
        for column, cells in ledger.lost.items():
            found.append(
                Finding(
                    f"lost:{column}",
                    "warning",
                    f"{step.step} makes {cells:,} cells of {column} missing.",
                    (column,),
                    {"cells": cells},
                )
            )
    return found


def _without_rows(fitted: dict[str, Any]) -> dict[str, Any]:
    """Fitted figures for the report; long lists of row numbers are told by their length."""
    return {k: (f"{len(v):,} rows" if k == "drop" else v) for k, v in fitted.items() if k != "unanswered"}
