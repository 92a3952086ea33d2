"""Build a model's container image and prove it: run hardened, compared with the model, loaded, sized. Asks first."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import Action, Context, Finding, NeedsAnswer, Preview, Result, Table, ToolError, tool

SECONDS = 5  # of each rate of the load test
LATENCY_MS = 100.0
PORT = 8080


@tool(
    intent="build",
    examples=(
        "build the container image of churn_model",
        "smoke-test the container of fraud_gbm",
        "docker build churn_model",
        "build churn_model for 200 requests a second within 50 ms",
    ),
    reads=("files", "process"),
)
def build(
    model: str | None = None,
    version: int | str | None = None,
    tag: str | None = None,
    port: int | None = None,
    cpu: str | None = None,
    memory: str | None = None,
    rate: float | None = None,
    latency: float | None = None,
    seconds: int | None = None,
    environment: str | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Propose to build a model's image, run it hardened, compare its answers, load it and size it from the measurement.

    model, version: from the registry. tag: of the image (vVERSION). port: inside the container (8080). cpu, memory: the
    requests to size for, such as 500m and 512Mi. rate: peak requests a second of the whole service. latency: what the
    95th percentile may take, in ms (100). seconds: of each load step (5). environment: edge sizes for one replica.
    """
    from opsmith.tools.compute.deployment import engine, names, quantities, sizing
    from opsmith.tools.compute.deployment.export import exported
    from opsmith.tools.compute.deployment.service import PYTHON, differing_libraries

    card = _card(context, model, version)
    deployment = names.deployment_name(card.name)
    reference = names.image_reference(deployment, tag, f"v{card.version}")
    limits = _within(port, rate, latency, seconds)
    cores = float(quantities.cpu(cpu).number) if cpu else None
    size = int(quantities.memory(memory).number) if memory else None
    context.progress(0.2, f"converting {card.name} and checking that it answers alike")
    made = exported(card, context.project)
    folder = f"deploy/{deployment}" if (context.project / "deploy" / deployment / "Dockerfile").is_file() else None
    base = f"python:{PYTHON}-slim"
    there = engine.look((base, reference))
    known = sizing.measured(context.project, card.name, card.version)
    data: dict[str, Any] = {
        "model": card.name, "version": card.version, "image": reference, "format": made.format, "check": dict(made.check),
        "engine": there.version or None, "folder": folder, "measured": known,
    }  # fmt: skip
    findings = _findings(there, base, made, differing_libraries(card, made.format))
    told = f"{card.name} version {card.version} can be built as {reference} ({made.reason})."
    if not there.there:
        told = f"{there.reason} {told}"
    if dry_run:
        return Result(told, data, findings, next_steps=(f"build {card.name}",))
    arguments = {
        "model": card.name, "version": card.version, "sha256": card.file.get("sha256"), "image": reference, "folder": folder,
        **limits, "cpu": cores, "memory": size, "rate": rate, "edge": environment == "edge", "prove": True,
    }  # fmt: skip
    preview = _preview(arguments, there, base, made.format)
    action = Action(
        "build_container", f"image:{reference}", arguments, preview, True, "medium", (f"image:{reference}",)
    )
    return Result(told, data, findings, actions=(action,), next_steps=(f"deploy {card.name} to kubernetes",))


def _card(context: Context, model: str | None, version: int | str | None) -> Any:
    from opsmith.tools.data import registry

    if model is None:
        known = registry.list_models(context.project)
        if not known:
            raise ToolError("There is no trained model yet, so nothing can be built. Train one first.")
        if len(known) > 1:
            raise NeedsAnswer("Which model's container?", [c.name for c in known])
        model = known[0].name
    return registry.get(context.project, model, version)


def _within(port: int | None, rate: float | None, latency: float | None, seconds: int | None) -> dict[str, Any]:
    """The numbers, checked. ToolError names the one that cannot be."""
    for what, value, least, most in (
        ("port", port, 1, 65535), ("rate", rate, 0.1, 100_000), ("latency", latency, 1, 60_000), ("seconds", seconds, 2, 60),
    ):  # fmt: skip
        if value is not None and not least <= value <= most:
            raise ToolError(f"{what} is from {least:g} to {most:,}; {value:g} was asked for.")
    return {"port": port or PORT, "latency_ms": float(latency or LATENCY_MS), "seconds": seconds or SECONDS}


def _findings(there: Any, base: str, made: Any, differing: dict[str, tuple[str, str]]) -> tuple[Finding, ...]:
    found = []
    if not there.there:
        found.append(Finding("no-engine", "warning", f"{there.reason} Until then sizes are documented defaults, not measured.",
                             fix="deploy with the defaults"))  # fmt: skip
    elif base not in there.images:
        found.append(
            Finding("base-image", "info", f"{base} is not on this machine; the engine will pull it from its registry.")
        )
    if made.format == "skops":
        found.append(Finding("format", "info", f"{made.reason}."))
    for name, (trained, image) in differing.items():
        found.append(Finding("library", "warning", f"The model was trained with {name} {trained}; the image has {image}. "
                             "The proof compares the answers.", evidence={"trained": trained, "image": image}))  # fmt: skip
    return tuple(found)


def _preview(arguments: dict[str, Any], there: Any, base: str, format_name: str) -> Preview:
    from opsmith.tools.compute.deployment.service import lock_for, pins

    source = (
        f"{arguments['folder']}/ (as it is there)" if arguments["folder"] else "generated files (deploy writes them)"
    )
    steps = (
        (
            "build",
            f"{arguments['image']} from {source}, on {base}, {len(pins(lock_for(format_name)))} packages by hash",
        ),
        ("run", "read-only, no capabilities, 1 CPU, 1 GiB, 127.0.0.1 only"),
        ("compare", "answers to real rows with the model's own; any difference stops it"),
        ("load", f"rising fixed rates, {arguments['seconds']} s each, until p95 passes {arguments['latency_ms']:g} ms"),
        ("size", "CPU, memory, replicas, autoscaling and probes from the measurement"),
        ("run again", "under the computed limits, at the planned rate"),
        ("clean up", "containers and volumes by label; the image stays"),
    )
    notes = ["The package index is reached to download the wheels; takes two to four minutes."]
    if not there.there:
        notes.append(f"{there.reason} A yes now would end with this sentence again.")
    return Preview(
        f"build {arguments['image']}, run it and load it on this machine",
        "",
        (Table("What happens", ("step", "how"), steps),),
        tuple(notes),
    )
