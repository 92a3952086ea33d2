"""Give steps the settings they need when they run, without writing them into the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsmith.tools.compute.recipe import Step
from opsmith.tools.contract import Context, Finding

# step -> option: the setting that fills it
_NEEDED = {
    "embed": {
        "embedding_model_folder": "embedding_model_folder",
        "embedding_url": "embedding_url",
        "embedding_model": "embedding_model",
    },
    "mask_pii": {"region": "phone_region"},
    "entities": {"entity_model": "entity_model", "spacy_model": "spacy_model"},
}
_CACHED = ("embed", "entities")  # steps that keep a model's answers below .opsmith/


def with_stand_ins(steps: Sequence[Step], context: Context) -> tuple[tuple[Step, ...], list[Finding]]:
    """Steps whose embedding cannot be made here use the embedded default instead; a finding says so."""
    from opsmith.tools.compute.embed import stand_in

    made, findings = [], []
    for step in steps:
        folder = str(step.options.get("embedding_model_folder") or context.settings.get("embedding_model_folder") or "")
        method = str(step.options.get("method") or "hashed")
        why = stand_in(method, folder) if step.step == "embed" else ""
        if why:
            step = replace(step, options={**step.options, "method": "hashed"})
            message = (
                f"{method} cannot be used: {why}. The embedded default (hashed letter groups) is proposed in its place."
            )
            findings.append(Finding("embedding-stand-in", "warning", message, step.columns))
        made.append(step)
    return tuple(made), findings


def with_entities(steps: Sequence[Step], kinds: Sequence[str], names: Mapping[str, Sequence[str]]) -> tuple[Step, ...]:
    """Steps that find entities, told the types wanted and the user's own names; the others as they are."""
    extra = {**({"kinds": list(kinds)} if kinds else {}), **({"names": dict(names)} if names else {})}
    return tuple(replace(s, options={**s.options, **extra}) if s.step == "entities" else s for s in steps)


def with_settings(steps: Sequence[Step], context: Context) -> tuple[Step, ...]:
    """Steps whose missing options are filled from the settings named for them; all others as they are."""
    planner = str(context.settings.get("model") or "")
    known = {"entity_model": planner if planner.startswith("openai:") else "", **_set(context)}
    filled = []
    for step in steps:
        named = _NEEDED.get(step.step, {})
        extra = {o: known[k] for o, k in named.items() if known.get(k) and o not in step.options}
        if step.step == "entities" and step.options.get("method") != "llm":
            extra.pop("entity_model", None)
        if step.step in _CACHED:
            extra["cache"] = str(context.home / "cache")
        filled.append(replace(step, options={**step.options, **extra}) if extra else step)
    return tuple(filled)


def without_places(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The same steps without what holds on this machine alone, as a recipe file keeps them."""
    return tuple(replace(s, options={k: v for k, v in s.options.items() if k != "cache"}) for s in steps)


def _set(context: Context) -> dict[str, object]:
    return {k: v for k, v in context.settings.items() if v}
