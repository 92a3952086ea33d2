"""A reading of a sentence in plain words, so that a person can choose between two of them."""

from __future__ import annotations

from opsmith.agent.offline.fill_shared import about_in
from opsmith.agent.offline.slots import Scene, dataset, the_model

_WORDS = {
    "profile": "check the quality of {file}",
    "query": "answer a question about {file}",
    "clean": "clean {file}",
    "features": "suggest features for {column} of {file}",
    "train": "train a model for {column} of {file}",
    "retrain": "retrain {model} on new data",
    "predict": "score {file} with {model}",
    "deploy": "write deployment files for {model}",
    "build": "build the container of {model}",
    "drift": "compare two files for drift",
    "monitor": "watch {model} on a schedule",
    "remember": "remember this as a fact",
    "recall": "look it up in the project's memory",
    "forget": "forget a fact",
    "status": "list what is in the project",
    "help": "explain a term",
    "meta": "change my settings",
    "cancel": "stop what waits for approval",
    "undo": "undo the last action",
}


def wording(intent: str, scene: Scene) -> str:
    """What the intent would do here, as an infinitive that can be typed back; '' for what is no choice.

    Names that are not known stay general: `a file`, `a column`, `a model`.
    """
    if intent not in _WORDS:
        return ""
    path = dataset(scene)[0] or "a file"
    about = about_in(scene, path if path != "a file" else None)[0]
    model = the_model(scene)[0] or "a model"
    return _WORDS[intent].format(file=path, column=about[0] if about else "a column", model=model)
