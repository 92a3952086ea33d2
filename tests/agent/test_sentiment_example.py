"""Messy reviews become cleaned text, product names, vectors and a trained sentiment model, in one offline conversation."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from opsmith.agent.events import ActionDone, Finished
from opsmith.agent.session import Decision, Session

REVIEWS = Path(__file__).resolve().parents[2] / "evals" / "worlds" / "data" / "reviews.jsonl"
MESSY = [
    {"product": "B2", "review": "u will luv it, thx!!", "score": "great"},
    {"product": "B3", "review": "I  don't   like it <br />at all", "score": "other"},
]


def said_and_done(session: Session, text: str) -> str:
    """The answer after everything that was proposed has been approved."""
    list(session.send(text))
    assert session.pending, f"nothing was proposed for: {text}"
    events = list(session.decide([Decision(p.id, p.digest, "yes", "ada") for p in session.pending]))
    assert [e.outcome for e in events if isinstance(e, ActionDone)] == ["done"]
    last = events[-1]
    assert isinstance(last, Finished)
    return str(last.summary["answer"])


@pytest.mark.slow
def test_messy_reviews_become_a_sentiment_model_in_one_conversation(project: Path) -> None:
    lines = REVIEWS.read_text(encoding="utf-8").splitlines() + [json.dumps(m) for m in MESSY]
    source = project / "reviews.jsonl"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = hashlib.sha256(source.read_bytes()).hexdigest()
    session = Session(project, user="ada")

    wishes = "expand abbreviations, fix punctuation and strip html in the review column of reviews.jsonl"
    said_and_done(session, f"{wishes}, save as clean.jsonl")
    cleaned = pd.read_json(project / "clean.jsonl", lines=True)
    assert cleaned.review.iloc[-2].startswith("you will l")
    assert not cleaned.review.str.contains("<br").any()

    said_and_done(session, "find the products in the review column of clean.jsonl, save as named.jsonl")
    named = pd.read_json(project / "named.jsonl", lines=True)
    assert any("product" in c for c in named.columns if c != "product")

    said_and_done(session, "turn the review column of named.jsonl into vectors, save as ready.parquet")
    ready = pd.read_parquet(project / "ready.parquet")
    assert len(ready) == len(lines)
    assert sum(bool(re.fullmatch(r"review_e\d{3}", c)) for c in ready.columns) == 256
    assert ready.score.notna().all()

    answer = said_and_done(session, "train a logistic regression for score on ready.parquet")
    assert "auc" in answer.lower()
    card = json.loads(next(project.glob("models/*/1/manifest.json")).read_text())
    assert card["target"] == "score"
    assert 0.5 < card["metrics"]["auc"]["value"] <= 1.0
    assert hashlib.sha256(source.read_bytes()).hexdigest() == before
