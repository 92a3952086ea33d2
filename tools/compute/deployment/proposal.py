"""A drafted folder as a Result: the headline, what was assumed, what was kept or left out, and the one action."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from opsmith.tools.compute.deployment.folder import Draft
from opsmith.tools.compute.deployment.plan import DeployPlan
from opsmith.tools.contract import Context, Finding, Result, Table
from opsmith.tools.data import propose
from opsmith.tools.data.registry import ModelCard

_NEVER_TEXT = ("model/",)
LONGEST_TEXT = 400_000  # bytes that are worth a diff


def result(
    context: Context,
    card: ModelCard,
    plan: DeployPlan,
    draft: Draft,
    place: str,
    kinds: Sequence[str],
    dry_run: bool,
    whole: bool,
) -> Result:
    """What is proposed for the folder `place`."""
    told = f"{card.name} version {card.version}"
    where = plan.platform or plan.cloud or (plan.environment or "").replace("_", "-")
    files = sorted(draft.files)
    data = {
        "model": card.name, "version": card.version, "name": plan.name, "folder": place, "environment": plan.environment,
        "cloud": plan.cloud, "platform": plan.platform, "stage": plan.stage, "artifacts": list(kinds), "replicas": plan.replicas,
        "min_replicas": plan.min_replicas, "max_replicas": plan.max_replicas, "cpu": plan.cpu, "memory": plan.memory_limit,
        "cpu_target": plan.cpu_target, "port": plan.port, "image": plan.image_reference, "measured": plan.sizing is not None,
        "files": files, "unchanged": sorted(draft.unchanged), "kept_edits": sorted(draft.edited),
        "assumptions": [vars(a) for a in plan.assumptions],
    }  # fmt: skip
    findings = [*_left_out(draft), *_unmeasured(plan)]
    if not files:
        return Result(f"Nothing changes: {place} holds all of this already.", data, tuple(findings))
    what = ", ".join(kinds) if not whole else "everything it needs" + (f" for {where}" if where else "")
    headline = f"{'Would write' if dry_run else 'Ready to write'} {len(files)} files in {place} for {told}: {what}."
    notes = [f"Port {plan.port}, {plan.cpu} CPU, {plan.memory_limit} memory, image {plan.image_reference}.",
             *[f"{e} was edited by a person; the edits stay." for e in draft.edited],
             *[f"{item.path} {item.why}." for item in draft.left_out]]  # fmt: skip
    action = _action(context, draft, place, notes)
    shown = Table("Assumed, as nobody said otherwise", ("what", "value", "why", "to change it, say"),
                  tuple((a.name, a.value, a.why, a.change) for a in plan.assumptions))  # fmt: skip
    return Result(
        headline,
        data,
        tuple(findings),
        tables=(shown,) if shown.rows else (),
        actions=() if dry_run else (action,),
        next_steps=_next_steps(plan, card, place, kinds),
    )


def _action(context: Context, draft: Draft, place: str, notes: Sequence[str]) -> Any:
    texts: dict[str, str] = {}
    staged = {}
    for name in sorted(draft.files):
        content = draft.files[name]
        target = posixpath.normpath(f"{place}/{name}" if place not in ("", ".") else name)
        text = _as_text(name, content)
        if text is not None:
            texts[target] = text
        else:
            scratch = propose.new_scratch_file(context, ".bin")
            scratch.write_bytes(content)
            staged[target] = scratch
    return propose.write(context, texts=texts, staged=staged, notes=notes)


def _as_text(name: str, content: bytes) -> str | None:
    """The content where a diff of it can be read; None for model files and what is no text."""
    if (name.startswith(_NEVER_TEXT) and not name.endswith((".json", ".md"))) or len(content) > LONGEST_TEXT:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _left_out(draft: Draft) -> list[Finding]:
    found = []
    for number, item in enumerate(draft.left_out, 1):
        evidence = {"theirs": item.theirs[:2000], "ours": item.ours[:2000]}
        found.append(
            Finding(f"left-out-{number}", "warning", f"Left out: {item.path} {item.why}.", evidence=evidence,
                    fix=f"move {item.path} away and ask again to get Opsmith's version")
        )  # fmt: skip
    return found


def _unmeasured(plan: DeployPlan) -> list[Finding]:
    sizes = [a.name for a in plan.assumptions if a.name in ("cpu", "memory")]
    if plan.sizing or not sizes:
        return []
    fix = f"build the container of {plan.model}"
    told = f"{' and '.join(sizes)} are defaults, not measured: building the container measures and sizes it."
    return [Finding("not-measured", "info", told, fix=fix)]


def _next_steps(plan: DeployPlan, card: ModelCard, place: str, kinds: Sequence[str]) -> tuple[str, ...]:
    steps = [f"validate {place}"]
    if "dockerfile" in kinds:
        steps.append(f"build the container of {card.name}")
    if plan.cloud and not plan.platform:
        cluster = {"aws": "eks", "gcp": "gke", "azure": "aks"}[plan.cloud]
        steps.append(f"deploy {card.name} on {cluster} only")
    return tuple(steps)
