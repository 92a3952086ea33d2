"""Write what a model needs to run somewhere: image, compose, Kubernetes, autoscaler, cloud files, pinned requirements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opsmith.tools.contract import Context, NeedsAnswer, Result, ToolError, tool

PLACES = ("aws", "gcp", "azure", "on-premises", "edge", "local", "kubernetes manifests", "Dockerfile")


@tool(
    intent="deploy",
    examples=(
        "deploy churn_model to aws",
        "write a Dockerfile for churn_model on port 7000",
        "kubernetes manifest for fraud_gbm: 4 pods, 2Gi memory, 1 cpu",
        "hpa 3..12 at 60 percent for cancel_model",
        "edge deployment of rentals_rf with 256Mi",
        "pinned requirements for churn_model",
    ),
)
def deploy(
    model: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    cloud: str | None = None,
    platform: str | None = None,
    stage: str | None = None,
    artifacts: list[str] = [],  # noqa: B006 - read only; pydantic copies it
    replicas: int | None = None,
    min_replicas: int | None = None,
    max_replicas: int | None = None,
    cpu: str | None = None,
    memory: str | None = None,
    cpu_target: float | None = None,
    port: int | None = None,
    tag: str | None = None,
    output: str | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose the deployment files of a registered model; files that are there are merged, a person's edits kept.

    environment: local, on_prem, edge or cloud. cloud: aws, gcp or azure. platform: ecs, eks, cloud_run, gke,
    container_apps or aks. stage: dev, staging or prod. artifacts: only these kinds of files (dockerfile, compose, k8s,
    hpa, script, requirements); all that the place needs when not given.
    replicas, min_replicas, max_replicas, cpu (0.5 or 500m), memory (512Mi), cpu_target (percent), port, tag: what is to
    be so; the rest keeps its value or gets a documented default. output: another folder than deploy/NAME, or the name of
    the one file. dry_run: show, propose no write.
    """
    from opsmith.tools.compute.deployment import folder as folders
    from opsmith.tools.compute.deployment import record as records
    from opsmith.tools.compute.deployment.names import deployment_name
    from opsmith.tools.compute.deployment.plan import make_plan
    from opsmith.tools.compute.deployment.sizing import measured
    from opsmith.tools.data import paths, registry

    card = registry.get(context.project, _model(context, model), version)
    name = deployment_name(card.name)
    place, single = _place(output, name)
    folder = paths.confined(context, place)
    before = records.read(folder)
    now = {
        "environment": environment, "cloud": cloud, "platform": platform, "stage": stage, "replicas": replicas,
        "min_replicas": min_replicas, "max_replicas": max_replicas, "cpu": cpu, "memory": memory,
        "cpu_target": None if cpu_target is None else round(cpu_target * 100 if cpu_target <= 1 else cpu_target),
        "port": port, "tag": tag,
    }  # fmt: skip
    now = {k: v for k, v in now.items() if v is not None}
    if before is None and not artifacts and not {"environment", "cloud", "platform"} & set(now):
        raise NeedsAnswer(f"Where should {card.name} run, or which files do you want?", PLACES)
    asked = {**_still_meant(before, now), **now}
    place_named = bool({"environment", "cloud", "platform"} & set(now))
    known = () if before is None or place_named else tuple(before.kinds)
    sizing = records.sizing_of(before, card.version, measured(context.project, card.name, card.version))
    plan = make_plan(card.name, card.version, asked, tuple(artifacts) or known, sizing)
    kinds = plan.artifacts
    everything = tuple(dict.fromkeys([*(before.kinds if before else ()), *kinds]))
    whole = not artifacts and (before is None or place_named)
    plan = make_plan(card.name, card.version, asked, everything if artifacts else kinds, sizing)
    context.progress(0.2, "writing the files")
    made = folders.draft(folder, context.project, card, plan, asked, kinds, whole)
    return _result(context, card, plan, made, place, kinds, dry_run, single, whole)


def _model(context: Context, model: str | None) -> str:
    from opsmith.tools.data import registry

    known = [c.name for c in registry.list_models(context.project)]
    if model is None:
        if len(known) == 1:
            return known[0]
        question = "Which model should be deployed?" if known else "There is no trained model yet. Train one first?"
        raise NeedsAnswer(question, known)
    if model in known:
        return model
    same = [k for k in known if k.casefold() == model.casefold()]
    if len(same) == 1:
        return same[0]
    raise NeedsAnswer(
        f"There is no model {model!r}. " + ("Which one is meant?" if known else "None is registered yet; train one first?"), known
    )  # fmt: skip


def _place(output: str | None, name: str) -> tuple[str, str | None]:
    """(folder, the one file's own name) for `output`, which may be either."""
    if not output:
        return f"deploy/{name}", None
    path = Path(output.strip().strip("`'\"").rstrip("/"))
    if path.suffix in (".yaml", ".yml", ".txt", ".lock", ".sh", ".json") or path.name.lower().endswith("dockerfile"):
        return path.parent.as_posix(), path.name
    return path.as_posix(), None


def _still_meant(before: Any, now: dict[str, Any]) -> dict[str, Any]:
    """What was asked for earlier and is not taken back by what is asked now."""
    if before is None:
        return {}
    kept = dict(before.asked)
    if {"environment", "cloud", "platform"} & set(now):
        kept = {k: v for k, v in kept.items() if k not in ("environment", "cloud", "platform")}
    if "replicas" in now and not {"min_replicas", "max_replicas"} & set(now):
        few, most = kept.get("min_replicas"), kept.get("max_replicas")
        if few is not None and few > now["replicas"]:
            kept.pop("min_replicas")
        if most is not None and most < now["replicas"]:
            kept.pop("max_replicas")
    if {"min_replicas", "max_replicas"} & set(now) and "replicas" not in now:
        kept.pop("replicas", None)
    return kept


def _result(
    context: Context,
    card: Any,
    plan: Any,
    made: Any,
    place: str,
    kinds: tuple[str, ...],
    dry_run: bool,
    single: str | None,
    whole: bool,
) -> Result:
    from opsmith.tools.compute.deployment import proposal
    from opsmith.tools.compute.deployment.record import FILE

    if single:
        mine = [n for n in made.files if n != FILE and not n.endswith("README.md")]
        if len(mine) != 1:
            raise ToolError(
                f"{single} would have to hold {len(mine)} files ({', '.join(mine[:6])}). Name a folder instead."
            )
        made.files = {single: made.files[mine[0]]}
    return proposal.result(context, card, plan, made, place, kinds, dry_run, whole)
