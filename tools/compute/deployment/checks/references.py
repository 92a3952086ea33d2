"""References between objects: whatever one names, another must be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import Pods, all_pods, listed, selected

_GIVEN = ("kube-root-ca.crt", "openshift-service-ca.crt")  # in every namespace


def check(tree: Tree) -> Iterator[Fault]:
    """References that lead nowhere, and objects that stand twice."""
    workloads = all_pods(tree)
    for document in tree.kinds("Service"):
        yield from _service(tree, document, workloads)
    for document in tree.kinds("PodDisruptionBudget", "NetworkPolicy"):
        yield from _selects(tree, document, workloads)
    for document in tree.kinds("Ingress"):
        yield from _ingress(tree, document)
    for pods in workloads:
        yield from _configuration(tree, pods)
        yield from _account(tree, pods)
    yield from _twice(tree)


def _service(tree: Tree, service: Document, workloads: list[Pods]) -> Iterator[Fault]:
    labels = service.get("spec", "selector")
    found = selected(tree, labels, service)
    if isinstance(labels, dict) and labels and not found:
        if any(p.owner.namespace == service.namespace for p in workloads):
            yield Fault(
                service.path,
                service.line("spec", "selector", _odd(workloads, labels, service)),
                "service-selects-nothing",
                f"No pod of these files carries the labels that the Service {service.name} selects.",
                f"use the labels of the pods: {_labels(workloads, service)}",
            )
        return
    for number, port in enumerate(service.get("spec", "ports", default=[])):
        if not isinstance(port, dict) or not found:
            continue
        target = port.get("targetPort", port.get("port"))
        exposed = [p for pods in found for _, p in pods.ports()]
        names, numbers = {p.get("name") for p in exposed}, {p.get("containerPort") for p in exposed}
        if exposed and target not in (numbers if isinstance(target, int) else names):
            there = ", ".join(str(p.get("name") or p.get("containerPort")) for p in exposed)
            key = "targetPort" if "targetPort" in port else "port"
            yield Fault(service.path, service.line("spec", "ports", number, key), "target-port-missing",
                        f"The Service {service.name} sends to port {target}, which its pods do not expose.",
                        f"set targetPort to one of: {there}")  # fmt: skip


def _selects(tree: Tree, document: Document, workloads: list[Pods]) -> Iterator[Fault]:
    if document.kind == "NetworkPolicy":
        at: tuple[str, ...] = ("spec", "podSelector", "matchLabels")
    else:
        at = ("spec", "selector", "matchLabels")
    labels = document.get(*at)
    near = [p for p in workloads if p.owner.namespace == document.namespace]
    if isinstance(labels, dict) and labels and near and not selected(tree, labels, document):
        rule = "policy-selects-nothing" if document.kind == "NetworkPolicy" else "budget-selects-nothing"
        yield Fault(document.path, document.line(*at, _odd(workloads, labels, document)), rule,
                    f"No pod of these files carries the labels that the {document.kind} {document.name} selects.",
                    f"use the labels of the pods: {_labels(workloads, document)}")  # fmt: skip
    if document.kind == "NetworkPolicy":
        yield from _policy_ports(tree, document, labels)


def _policy_ports(tree: Tree, policy: Document, labels: Any) -> Iterator[Fault]:
    """An ingress rule whose port the selected pods do not have lets nobody in."""
    exposed = [p for pods in selected(tree, labels, policy) for _, p in pods.ports()]
    known = {p.get("containerPort") for p in exposed} | {p.get("name") for p in exposed}
    for rule_number, rule in enumerate(policy.get("spec", "ingress", default=[])):
        for number, port in enumerate(listed(rule, "ports")):
            said = port.get("port") if isinstance(port, dict) else None
            if exposed and said is not None and said not in known and not port.get("endPort"):
                yield Fault(policy.path, policy.line("spec", "ingress", rule_number, "ports", number, "port"),
                            "policy-port-missing",
                            f"The NetworkPolicy {policy.name} lets in port {said}, which its pods do not expose.",
                            f"let in {', '.join(sorted(str(p.get('containerPort')) for p in exposed))}")  # fmt: skip


def _ingress(tree: Tree, ingress: Document) -> Iterator[Fault]:
    services = {(s.namespace, s.name): s for s in tree.kinds("Service")}
    if not services:
        return
    for rule_number, rule in enumerate(ingress.get("spec", "rules", default=[])):
        paths = listed(rule.get("http") if isinstance(rule, dict) else None, "paths")
        for number, _ in enumerate(paths):
            at = ("spec", "rules", rule_number, "http", "paths", number, "backend", "service")
            name, port = ingress.get(*at, "name"), ingress.get(*at, "port", default={})
            service = services.get((ingress.namespace, str(name)))
            if name is not None and service is None:
                yield Fault(ingress.path, ingress.line(*at, "name"), "backend-missing",
                            f"The Ingress {ingress.name} sends to the Service {name}, which is not in these files.",
                            f"name one of: {', '.join(sorted(n for _, n in services))}")  # fmt: skip
            elif service is not None and isinstance(port, dict):
                ports = [p for p in service.get("spec", "ports", default=[]) if isinstance(p, dict)]
                known = {p.get("port") for p in ports} | {p.get("name") for p in ports}
                said = port.get("number", port.get("name"))
                if said is not None and said not in known:
                    yield Fault(ingress.path, ingress.line(*at, "port"), "backend-port-missing",
                                f"The Service {name} has no port {said}.",
                                f"use {', '.join(str(p.get('port')) for p in ports)}")  # fmt: skip


def _configuration(tree: Tree, pods: Pods) -> Iterator[Fault]:
    """ConfigMaps must be here (or be made by Kustomize); a Secret may live in the cluster, but a near miss is a slip."""
    made = {(d.kind, d.namespace, d.name): d for d in tree.kinds("ConfigMap", "Secret")}
    generated = {g.get("name") for k in tree.kustomizations for key in ("configMapGenerator", "secretGenerator")
                 for g in k.get(key, default=[]) if isinstance(g, dict)}  # fmt: skip
    elsewhere = {
        str(d.get("spec", "target", "name", default=d.name)) for d in tree.kinds("ExternalSecret", "SealedSecret")
    }
    for at, kind, name, key, optional in _wanted(pods):
        source = made.get((kind, pods.owner.namespace, name))
        if source is not None:
            keys = {
                **source.get("data", default={}),
                **source.get("stringData", default={}),
                **source.get("binaryData", default={}),
            }
            if key is not None and key not in keys and not optional:
                yield Fault(pods.owner.path, pods.owner.line(*at, "key"), "key-missing", f"The {kind} {name} has no key {key}.",
                            f"use one of: {', '.join(map(str, keys)) or 'none there'}")  # fmt: skip
            continue
        if optional or name in generated or name in _GIVEN or (kind == "Secret" and name in elsewhere):
            continue
        near = _nearest(name, [n for k, space, n in made if k == kind and space == pods.owner.namespace])
        if kind == "ConfigMap" or near:
            fix = f"name {near}" if near else f"add the ConfigMap {name}, or mark the reference optional"
            word = "secretName" if pods.owner.get(*at, "secretName") else "name"
            yield Fault(pods.owner.path, pods.owner.line(*at, word), f"{kind.lower()}-missing",
                        f"The {kind} {name} that {pods.owner.name} reads is not in these files.", fix)  # fmt: skip


def _wanted(pods: Pods) -> Iterator[tuple[tuple[Any, ...], str, str, str | None, bool]]:
    """(path, kind, name, key, whether it is optional) of every ConfigMap and Secret a pod reads."""
    for at, container, _ in pods.containers():
        for n, entry in enumerate(listed(container, "env")):
            source = entry.get("valueFrom") if isinstance(entry, dict) else None
            for ref, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                named = source.get(ref) if isinstance(source, dict) else None
                if isinstance(named, dict) and named.get("name"):
                    yield (
                        (*at, "env", n, "valueFrom", ref),
                        kind,
                        str(named["name"]),
                        named.get("key"),
                        bool(named.get("optional")),
                    )
        for n, entry in enumerate(listed(container, "envFrom")):
            for ref, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                named = entry.get(ref) if isinstance(entry, dict) else None
                if isinstance(named, dict) and named.get("name"):
                    yield (*at, "envFrom", n, ref), kind, str(named["name"]), None, bool(named.get("optional"))
    for n, volume in enumerate(listed(pods.spec(default={}), "volumes")):
        for ref, kind, word in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
            named = volume.get(ref) if isinstance(volume, dict) else None
            if isinstance(named, dict) and named.get(word):
                yield (*pods.spec_at, "volumes", n, ref), kind, str(named[word]), None, bool(named.get("optional"))


def _account(tree: Tree, pods: Pods) -> Iterator[Fault]:
    name = pods.spec("serviceAccountName")
    known = [d.name for d in tree.kinds("ServiceAccount") if d.namespace == pods.owner.namespace]
    if name and name != "default" and known and name not in known:
        yield Fault(pods.owner.path, pods.owner.line(*pods.spec_at, "serviceAccountName"), "account-missing",
                    f"{pods.owner.name} runs as the ServiceAccount {name}, which is not in these files.",
                    f"name {_nearest(str(name), known) or known[0]}")  # fmt: skip
    claims = [d.name for d in tree.kinds("PersistentVolumeClaim") if d.namespace == pods.owner.namespace]
    for n, volume in enumerate(listed(pods.spec(default={}), "volumes")):
        claim = volume.get("persistentVolumeClaim", {}) if isinstance(volume, dict) else {}
        wanted = claim.get("claimName") if isinstance(claim, dict) else None
        if wanted and claims and wanted not in claims:
            yield Fault(pods.owner.path, pods.owner.line(*pods.spec_at, "volumes", n), "claim-missing",
                        f"The PersistentVolumeClaim {wanted} is not in these files.",
                        f"name {_nearest(str(wanted), claims) or claims[0]}")  # fmt: skip


def _twice(tree: Tree) -> Iterator[Fault]:
    seen: dict[tuple[str, ...], Document] = {}
    for document in tree.objects:
        if not document.name:
            continue
        key = (document.folder, document.api.partition("/")[0], document.kind, document.namespace, document.name)
        if key in seen:
            first = seen[key]
            yield Fault(document.path, document.line("metadata", "name"), "object-twice",
                        f"{document.kind} {document.name} stands here and in {first.path} line "
                        f"{first.line('kind')}; the later one wins.",
                        "keep one of them")  # fmt: skip
        seen.setdefault(key, document)


def _odd(workloads: list[Pods], labels: dict[str, Any], near: Document) -> Any:
    """The first of these labels that no pod of the namespace carries, else the first of all."""
    pods = [p for p in workloads if p.owner.namespace == near.namespace]
    return next(
        (k for k, v in labels.items() if not any(str(p.labels.get(k)) == str(v) for p in pods)), next(iter(labels))
    )


def _labels(workloads: list[Pods], near: Document) -> str:
    found = next((p for p in workloads if p.owner.namespace == near.namespace), None)
    return ", ".join(f"{k}: {v}" for k, v in (found.labels if found else {}).items()) or "none there"


def _nearest(name: str, known: list[str]) -> str:
    from rapidfuzz import fuzz, process

    hit = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=75)
    return str(hit[0]) if hit else ""
