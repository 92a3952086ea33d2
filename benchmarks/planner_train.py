"""Train the planner's intent classifier from planner_sets and write agent/offline/data/intents.npz.

    python benchmarks/planner_train.py            # everything but the held-out domains and phrases
    python benchmarks/planner_train.py --check    # cross-validated accuracy over domains and phrases, nothing written

The training texts are masked by the planner itself, so that the classifier sees what it will see in use.
"""

from __future__ import annotations

import argparse
import random
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import planner_items
from planner_play import _catalogue

from opsmith.agent.offline import classifier, intents
from opsmith.agent.offline.dialogue import Dialogue
from opsmith.agent.offline.found import Grounded, Mention
from opsmith.agent.offline.scene import scene_of
from opsmith.agent.offline.signs import overlap

OUT = Path(__file__).resolve().parents[1] / "agent" / "offline" / "data" / "intents.npz"
LEADS = ("please ", "can you ", "could you please ", "hey, ", "i want you to ", "now ", "ok, ", "hi, ", "let's ",
         "we need to ", "pls ", "i'd like to ")  # fmt: skip
TAILS = (" please", " thanks", " for me", " pls", ", thanks", " asap", "?", ".", "!", " now", " if you can")  # fmt: skip
SLOTS = frozenset(["FILE", "COL", "MODEL", "OUT", "MON"])
WITH_MODELS = {"retrain", "predict", "deploy", "build", "monitor"}


def held_phrase(text: str) -> bool:
    """Whether a phrase belongs to the third that is kept out of training, by its own hash."""
    return zlib.crc32(text.encode()) % 3 == 0


def phrases() -> Iterator[tuple[str, str, str]]:
    """(intent, masked phrase, line it came from) of the phrase files."""
    for path in sorted(planner_items.FOLDER.glob("phrases_*.txt")):
        intent = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                intent = line[3:].strip()
            elif line.strip():
                yield from ((intent, text, line.strip()) for text in expanded(line.strip()))


_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def expanded(line: str, most: int = 6) -> list[str]:
    """The line with one of each `[this|that]`: up to `most` different readings, always the same ones.

    >>> expanded("drop COL")
    ['drop COL']
    """
    if "[" not in line:
        return [line]
    rng = random.Random(zlib.crc32(line.encode()))
    made = {
        re.sub(r"\s+", " ", _CHOICE.sub(lambda m: rng.choice(m.group(1).split("|")), line)).strip()
        for _ in range(2 * most)
    }
    return sorted(made)[:most] if len(made) > most else sorted(made)


def from_phrase(intent: str, text: str) -> tuple[str, list[float], str]:
    """(masked text, situation, intent) of a phrase, as if its slots had been grounded."""
    low = re.sub(r"[^\W_]+", lambda m: m.group() if m.group() in SLOTS else m.group().lower(), text)
    found = Grounded(low)
    for n in range(low.count("FILE")):
        found.files.append(Mention("file", f"f{n}", 0, 0))
    for n in range(low.count("COL")):
        found.columns.append(Mention("column", f"c{n}", 0, 0))
    found.models = [Mention("model", "m", 0, 0)] * ("MODEL" in low)
    found.outputs = [Mention("output", "o", 0, 0)] * ("OUT" in low)
    rng = random.Random(zlib.crc32(text.encode()))
    has_models = "MODEL" in low or intent in WITH_MODELS or rng.random() < 0.4
    files = rng.choice((1, 1, 2, 3))
    cues = intents.scores(low, found, has_models=has_models, files=files)
    told = rng.random() < (0.6 if intent in ("recall", "forget") else 0.03)
    more = classifier.situation(cues, found, low, has_models=has_models, files=files, known_facts=0.6 * told)
    return low, more, intent


def from_item(item: dict[str, Any]) -> tuple[str, list[float], str] | None:
    """The same of a request in its world; None for several intents."""
    if not isinstance(item["intent"], str):
        return None
    catalogue = _catalogue(item)
    scene = scene_of(item["text"], catalogue, Dialogue())
    has_models, files = bool(catalogue["models"]), len(catalogue["files"])
    cues = intents.scores(scene.masked, scene.found, has_models=has_models, files=files)
    known = overlap(scene.low, (f["text"] for f in catalogue["facts"]))
    more = classifier.situation(cues, scene.found, scene.masked, has_models=has_models, files=files, known_facts=known)
    intent = {"confirm": "smalltalk"}.get(item["intent"], item["intent"])
    if intent == "cancel" and re.search(r"undo|revert|back|rückgängig|deshaz|撤销|défai", item["text"], re.IGNORECASE):
        intent = "undo"
    return scene.masked, more, intent


def undo_apart(intent: str, text: str) -> str:
    wanted = r"\bundo|revert|take that back|put it back|reverse|mistake|rückgängig|deshaz|annule la|撤销"
    return "undo" if intent == "cancel" and re.search(wanted, text) else intent


def rows(*, every: bool = False) -> list[tuple[str, list[float], str, str, float]]:
    """(masked, situation, intent, group, weight) of the training texts; a third of the phrase lines only with `every`."""
    made = []
    for intent, text, line in phrases():
        if every or not held_phrase(line):
            intent = undo_apart(intent, text)
            whole = 1.0 if text == line else 0.6
            for n, variant in enumerate(varied(text, intent)):
                masked, more, _ = from_phrase(intent, variant)
                group = f"phrase-{zlib.crc32(line.encode()) % 5}"
                made.append((masked, more, intent, group, whole if n == 0 else 0.4 * whole))
    for item in planner_items.items("train"):
        if "turns" in item:
            continue
        read = from_item(item)
        if read:
            world = item["id"].rsplit("-", 1)[0]
            made.append((*read, world, 1.5))
    return made


def varied(text: str, intent: str) -> list[str]:
    """A phrase and variants: politeness around it, a word lost, a typo."""
    rng = random.Random(zlib.crc32(text.encode()) + 1)
    words = text.split()
    made = [text]
    if text.isascii() and intent not in ("smalltalk", "unclear", "cancel"):
        made.append(rng.choice(LEADS) + text)
        made.append(text + rng.choice(TAILS))
        if len(words) > 3:
            gone = rng.randrange(len(words))
            made.append(" ".join(w for n, w in enumerate(words) if n != gone or w.isupper()))
    return made


def matrix(made: list[Any]) -> Any:
    from scipy.sparse import csr_matrix, hstack

    data, index, start = [], [], [0]
    for masked, *_ in made:
        counted = classifier.ngrams(masked)
        index += list(counted)
        data += list(counted.values())
        start.append(len(index))
    grams = csr_matrix((data, index, start), shape=(len(made), classifier.BUCKETS), dtype=np.float32)
    more = csr_matrix(np.asarray([m for _, m, *_ in made], dtype=np.float32))
    return hstack([grams * 3.0, more]).tocsr()


def fit(made: list[Any], strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=300, tol=2e-3)
    return model.fit(matrix(made), [r[2] for r in made], sample_weight=[r[4] for r in made])


def check(strength: float) -> None:
    """Accuracy on worlds and phrase groups left out in turn."""
    made = rows()
    groups = sorted({r[3] for r in made})
    right = {"phrases": [0, 0], "worlds": [0, 0]}
    for group in groups:
        model = fit([r for r in made if r[3] != group], strength)
        left = [r for r in made if r[3] == group and r[4] >= 1]
        guess = model.predict(matrix(left))
        key = "phrases" if group.startswith("phrase") else "worlds"
        right[key][0] += int(sum(g == r[2] for g, r in zip(guess, left, strict=True)))
        right[key][1] += len(left)
        if key == "worlds":
            for g, r in zip(guess, left, strict=True):
                if g != r[2]:
                    print(f"  {group}: {r[0]!r} is {r[2]}, read {g}")
    print(strength, {k: f"{a}/{b} = {a / b:.3f}" for k, (a, b) in right.items()})


def write(strength: float) -> None:
    made = rows(every=True)
    model = fit(made, strength)
    temperature = best_temperature(made, strength)
    coefficients = model.coef_.T.astype(np.float32)
    grams, more = coefficients[: classifier.BUCKETS] * 3.0, coefficients[classifier.BUCKETS :]
    more[-1] += model.intercept_
    kept = np.flatnonzero(np.abs(grams).max(axis=1) > 1e-4)
    grams = grams[kept]
    scale = np.abs(grams).max(axis=0) / 127
    np.savez_compressed(
        OUT, intents=np.array(model.classes_), rows=kept.astype(np.int32), grams=np.round(grams / scale).astype(np.int8),
        scale=scale.astype(np.float32), more=more.astype(np.float32), temperature=np.float32(temperature),
    )  # fmt: skip
    print(
        f"{OUT.name}: {len(made)} texts, {len(kept)} n-grams, temperature {temperature:.2f}, {OUT.stat().st_size // 1024} kB"
    )


def best_temperature(made: list[Any], strength: float) -> float:
    """The temperature that makes left-out probabilities most honest (least log loss)."""
    logits, truth = [], []
    for fold in ("phrase-0", "phrase-1"):
        model = fit([r for r in made if r[3] != fold], strength)
        left = [r for r in made if r[3] == fold and r[4] >= 1]
        logits.append(model.decision_function(matrix(left)))
        truth += [list(model.classes_).index(r[2]) for r in left]
    scores = np.vstack(logits)

    def loss(t: float) -> float:
        s = scores / t
        s = s - s.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(truth)), truth]))

    return min(np.arange(0.3, 2.01, 0.05), key=loss)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--strength", type=float, default=2.0)
    given = parser.parse_args()
    (check if given.check else write)(given.strength)
