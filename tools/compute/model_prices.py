"""Tokens in money, by a table of prices with its date; the offline planner costs nothing."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def prices() -> dict[str, Any]:
    """The price table: {"date", "models": {name: [input, output]}} in US dollars for a million tokens."""
    return dict(json.loads(Path(__file__).with_name("model_prices.json").read_text(encoding="utf-8")))


def cost(model: str, input_tokens: int, output_tokens: int) -> float | None:
    """US dollars for these tokens; 0 for the offline planner, None for a model that is not in the table."""
    if model == "offline":
        return 0.0
    found = prices()["models"].get(model.removeprefix("openai:"))
    return None if found is None else (input_tokens * found[0] + output_tokens * found[1]) / 1e6
