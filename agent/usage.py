"""Tokens in money, by a table of prices with its date; the offline planner costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opsmith.tools.compute.model_prices import cost, prices


def with_cost(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Usage rows with `cost` in US dollars (None when the price is unknown) and `cost_text`."""
    told = []
    for row in rows:
        dollars = cost(row["model"], row["input_tokens"], row["output_tokens"])
        text = (
            "price unknown"
            if dollars is None
            else f"${dollars:.4f} (prices of {prices()['date']})"
            if dollars
            else "$0"
        )
        told.append({**row, "cost": dollars, "cost_text": text})
    return told
