"""Find out why a model's container or pod does not do what it should: one cause, quoted evidence, the change that mends it."""

from __future__ import annotations

from typing import Any

from opsmith.tools.contract import Action, Context, Finding, NeedsAnswer, Result, Table, ToolError, tool


@tool(
    intent="build",
    examples=(
        "why does the churn container keep restarting?",
        "diagnose the container of churn_model",
        "what is wrong with the pod of fraud_gbm?",
        "the churn-model container was killed, why?",
    ),
    reads=("files", "process", "network"),
)
def diagnose(
    model: str | None = None,
    name: str | None = None,
    environment: str | None = None,
    namespace: str | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Look at the state, exit code, events, last log lines and counters of a model's containers and pods, and name one cause.

    model: from the registry. name: a container, pod or deployment instead. environment: local looks at Docker only, cloud
    or on_prem at the cluster of kubectl only. namespace: of the cluster. dry_run: propose no change of files.
    """
    from opsmith.tools.compute.deployment import diagnosis, look
    from opsmith.tools.compute.deployment.names import deployment_name

    card = _card(context, model, name)
    called = name or deployment_name(card.name)
    names = tuple(dict.fromkeys([called, *([card.name, deployment_name(card.name)] if card else [])]))
    seen: list[Any] = []
    reasons: list[str] = []
    if environment in (None, "local", "edge"):
        found, why = look.containers(names)
        seen, reasons = [*seen, *found], [*reasons, why]
    if environment in (None, "cloud", "on_prem"):
        context.progress(0.5, "asking the cluster")
        found, why = look.pods(called, namespace)
        seen, reasons = [*seen, *found], [*reasons, why]
    if not seen:
        told = " ".join(r for r in reasons if r)
        return Result(f"There is nothing of {called} to look at. {told}", {"name": called, "cause": None},
                      next_steps=(f"build the container of {card.name}",) if card else ())  # fmt: skip
    measured = _measured(context, card)
    causes = [(one, diagnosis.diagnose(one, measured)) for one in seen]
    one, cause = next(((o, c) for o, c in causes if c is not None), causes[0])
    states = Table("What was looked at", ("name", "where", "image", "state", "exit code", "restarts", "cause"),
                   tuple((o.name, o.place, o.image, o.status, o.exit_code if o.exit_code is not None else "", o.restarts,
                          c.id if c else "none") for o, c in causes))  # fmt: skip
    data: dict[str, Any] = {
        "name": one.name,
        "place": one.place,
        "cause": cause.id if cause else None,
        "looked_at": len(seen),
    }
    if cause is None:
        return Result(f"Nothing is wrong with {one.name}: it is {one.status}"
                      f"{', healthy' if one.health == 'healthy' or one.ready else ''}.", data, tables=(states,))  # fmt: skip
    data |= {
        "evidence": [{"where": q.where, "text": q.text} for q in cause.evidence],
        "fix": cause.fix,
        "change": dict(cause.change),
    }
    quoted = Table("Evidence", ("where", "what it says"), tuple((q.where, q.text) for q in cause.evidence))
    finding = Finding(cause.id, "critical", cause.sentence, evidence=data["evidence"][0], fix=cause.fix)
    actions = () if dry_run or card is None else _change(context, card, cause)
    data["proposed_change"] = [a.target for a in actions]
    return Result(f"{cause.sentence} To mend it: {cause.fix}.", data, (finding,), (quoted, states), actions=actions)


def _card(context: Context, model: str | None, name: str | None) -> Any:
    """The model that is meant, by its name or the name of its deployment; None for a container of something else."""
    from opsmith.tools.compute.deployment.names import deployment_name
    from opsmith.tools.data import registry

    if model is not None:
        return registry.get(context.project, model)
    known = registry.list_models(context.project)
    if name is not None:
        return next(
            (c for c in known if name in (c.name, deployment_name(c.name)) or name.startswith(deployment_name(c.name))),
            None,
        )
    if len(known) == 1:
        return known[0]
    if not known:
        raise ToolError("There is no model in this project. Name the container or pod to look at.")
    raise NeedsAnswer("Which model's container is to be looked at?", [c.name for c in known])


def _measured(context: Context, card: Any) -> dict[str, Any] | None:
    from opsmith.tools.compute.deployment.sizing import measured

    return measured(context.project, card.name, card.version) if card else None


def _change(context: Context, card: Any, cause: Any) -> tuple[Action, ...]:
    """The change of the deployment's own files that mends it, as a diff; nothing where the files are not Opsmith's."""
    from opsmith.tools.compute.deployment import redraft
    from opsmith.tools.compute.deployment.names import deployment_name

    if not cause.change:
        return ()
    return redraft.changed(context, card, f"deploy/{deployment_name(card.name)}", cause.change)
