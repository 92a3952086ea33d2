"""A recipe as a scikit-learn transformer: fitted on training rows, applied to any others, safe to keep as JSON."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from opsmith.tools.compute.cells import ROW, Batch
from opsmith.tools.compute.recipe import read_recipe
from opsmith.tools.compute.recipe_run import Stage, stage_rows
from opsmith.tools.compute.steps import kind_of_step
from opsmith.tools.contract import ToolError


class RecipeTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The cell steps of a cleaning recipe. Steps that remove or add rows are left out: a transformer keeps its rows.

    recipe: the recipe's YAML. After `fit`, `fitted_` holds plain JSON values, one mapping a step.
    """

    def __init__(self, recipe: str, seed: int = 0):
        self.recipe = recipe
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Any = None) -> RecipeTransformer:
        """Learn medians, levels and vocabularies from these rows only."""
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.fitted_: list[dict[str, Any]] = []
        made = self._through(X, lambda kind, stage, step: kind.fit(stage, step) if kind.fit else {}, keep=self.fitted_)
        self.names_out_ = [str(c) for c in made.columns]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The cleaned rows, in the order and with the index of X."""
        check_is_fitted(self, "fitted_")
        ready = iter(self.fitted_)
        return self._through(X, lambda kind, stage, step: next(ready))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` gives."""
        return np.array(self.names_out_, dtype=object)

    def to_json(self) -> str:
        """The recipe and what was fitted, as text."""
        check_is_fitted(self, "fitted_")
        plain = {
            "version": 1,
            "recipe": self.recipe,
            "seed": self.seed,
            "fitted": self.fitted_,
            "in": list(self.feature_names_in_),
            "out": self.names_out_,
        }
        return json.dumps(plain, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RecipeTransformer:
        """A fitted transformer from `to_json`; only plain values are read, no code runs."""
        plain = json.loads(text)
        made = cls(plain["recipe"], plain["seed"])
        made.fitted_, made.names_out_ = plain["fitted"], plain["out"]
        made.feature_names_in_ = np.array(plain["in"], dtype=object)
        return made

    def _through(
        self,
        X: pd.DataFrame,
        fitted_by: Callable[[Any, Stage, Any], dict[str, Any]],
        keep: list[dict[str, Any]] | None = None,
    ) -> pd.DataFrame:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            stage_rows(
                pa.Table.from_pandas(X, preserve_index=False).to_reader(),
                path,
                lambda: None,
                lambda fraction, note: None,
            )
            stage = Stage(path, seed=self.seed)
            table = pa.concat_tables(list(stage.batches())).combine_chunks()
            for step in read_recipe(self.recipe).steps:
                kind = kind_of_step(step.step)
                if kind.changes == "rows":
                    continue
                if keep is not None and kind.fit:
                    stage.close()
                    stage = _restaged(table, path, self.seed)
                part = fitted_by(kind, stage, step)
                if keep is not None:
                    keep.append(part)
                batch = Batch(table)
                kind.apply(batch, step, part)
                if part.get("unanswered"):
                    raise ToolError(
                        f"{len(part['unanswered']):,} texts have no answer of the model behind {step.step} yet. Clean the "
                        "file first, which asks for it, and use the cleaned file."
                    )
                table = batch.table
            stage.close()
        made = table.drop_columns([ROW]).to_pandas()
        made.index = X.index
        return made


def _restaged(table: pa.Table, path: Path, seed: int) -> Stage:
    import pyarrow.parquet as pq

    pq.write_table(table, path)
    return Stage(path, seed=seed)
