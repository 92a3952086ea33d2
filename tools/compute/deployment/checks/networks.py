"""Services, policies and ingresses: ports that agree, names that resolve, paths and hosts that a controller takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opsmith.tools.compute.deployment.checks.documents import Document, Tree
from opsmith.tools.compute.deployment.checks.fault import Fault
from opsmith.tools.compute.deployment.checks.pods import listed, selected
from opsmith.tools.compute.deployment.checks.wording import word

_HOST = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PROTOCOLS = ("TCP", "UDP", "SCTP")


def check(tree: Tree) -> Iterator[Fault]:
    """Faults of Services, NetworkPolicies and Ingresses."""
    for document in tree.kinds("Service"):
        yield from _service(tree, document)
    for document in tree.kinds("NetworkPolicy"):
        yield from _policy(tree, document)
    for document in tree.kinds("Ingress"):
        if document.api == "networking.k8s.io/v1":
            yield from _ingress(document)


def _service(tree: Tree, service: Document) -> Iterator[Fault]:
    ports = [p for p in service.get("spec", "ports", default=[]) if isinstance(p, dict)]
    seen: set[tuple[Any, str]] = set()
    names: set[Any] = set()
    pods = [p for found in selected(tree, service.get("spec", "selector"), service) for _, p in found.ports()]
    for n, port in enumerate(ports):
        at = ("spec", "ports", n)
        protocol = str(port.get("protocol", "TCP"))
        yield from word(service, (*at, "protocol"), _PROTOCOLS)
        if len(ports) > 1 and not port.get("name"):
            yield Fault(service.path, service.line(*at), "port-unnamed",
                        f"The Service {service.name} has {len(ports)} ports, so each needs a name.", "add a name")  # fmt: skip
        if port.get("name") and port["name"] in names:
            yield Fault(service.path, service.line(*at, "name"), "port-name-twice", f"Two ports are called {port['name']}.",
                        "give each port a name of its own")  # fmt: skip
        names.add(port.get("name"))
        key = (port.get("port"), protocol)
        if key in seen:
            yield Fault(service.path, service.line(*at, "port"), "port-twice",
                        f"The Service {service.name} has port {key[0]} ({protocol}) twice.", "keep one of them")  # fmt: skip
        seen.add(key)
        if port.get("nodePort") and service.get("spec", "type", default="ClusterIP") == "ClusterIP":
            yield Fault(service.path, service.line(*at, "nodePort"), "node-port-unused",
                        "A Service of type ClusterIP has no nodePort.", "set type: NodePort, or remove nodePort")  # fmt: skip
        target = port.get("targetPort", port.get("port"))
        hit = [p for p in pods if target in (p.get("containerPort"), p.get("name"))]
        if protocol in _PROTOCOLS and hit and all(str(p.get("protocol", "TCP")) != protocol for p in hit):
            yield Fault(service.path, service.line(*at, "protocol"), "protocol-disagrees",
                        f"The Service sends {protocol} to port {target}, whose pods take {hit[0].get('protocol', 'TCP')}.",
                        f"use protocol: {hit[0].get('protocol', 'TCP')}")  # fmt: skip


def _policy(tree: Tree, policy: Document) -> Iterator[Fault]:
    """What a policy leaves: pods that look names up need port 53, pods behind a Service must be reached."""
    for side in ("ingress", "egress"):
        for rule_number, rule in enumerate(policy.get("spec", side, default=[])):
            for n, _ in enumerate(listed(rule, "ports")):
                yield from word(policy, ("spec", side, rule_number, "ports", n, "protocol"), _PROTOCOLS)
    labels = policy.get("spec", "podSelector", "matchLabels")
    mine = selected(tree, labels, policy)
    if not mine:
        return
    for rule_number, rule in enumerate(policy.get("spec", "ingress", default=[])):
        for n, port in enumerate(listed(rule, "ports")):
            said = port.get("port") if isinstance(port, dict) else None
            hit = [p for pods in mine for _, p in pods.ports() if said in (p.get("containerPort"), p.get("name"))]
            protocol = str(port.get("protocol", "TCP")) if isinstance(port, dict) else "TCP"
            if protocol in _PROTOCOLS and hit and all(str(p.get("protocol", "TCP")) != protocol for p in hit):
                yield Fault(policy.path, policy.line("spec", "ingress", rule_number, "ports", n), "protocol-disagrees",
                            f"The NetworkPolicy lets in {protocol} on port {said}, whose pods do not take it.",
                            "use the protocol of the container port")  # fmt: skip
    others = [p for p in tree.kinds("NetworkPolicy") if p is not policy and p.namespace == policy.namespace]
    kinds = policy.get("spec", "policyTypes", default=[])
    egress = policy.get("spec", "egress", default=[])
    # an empty list of rules is meant so: a service that answers and never sends
    elsewhere = [rule for o in others for rule in o.get("spec", "egress", default=[])]
    if egress and not any(map(_lets_names, [*egress, *elsewhere])):
        yield Fault(policy.path, policy.line("spec", "egress"), "policy-cuts-names",
                    f"The NetworkPolicy {policy.name} does not let its pods send to port 53, so they find no name.",
                    "allow UDP and TCP port 53, to the namespace kube-system")  # fmt: skip
    served = [s for s in tree.kinds("Service") if any(p in mine for p in selected(tree, s.get("spec", "selector"), s))]
    closed = ("Ingress" in kinds or not kinds) and not policy.get("spec", "ingress")
    opened = [o for o in others if o.get("spec", "ingress")]
    if closed and served and not opened:
        yield Fault(policy.path, policy.line("spec", "ingress"), "policy-cuts-service",
                    f"The NetworkPolicy {policy.name} lets nobody in, so neither the Service {served[0].name} nor a probe from "
                    "another host reaches its pods.",
                    "allow the port of the pods under ingress")  # fmt: skip


def _lets_names(rule: Any) -> bool:
    """Whether an egress rule allows the look-up of names."""
    ports = listed(rule, "ports")
    if not ports:
        return True
    for port in ports:
        said = port.get("port") if isinstance(port, dict) else None
        end = port.get("endPort") if isinstance(port, dict) else None
        if said in (53, "dns", "dns-tcp", 5353, None) or (
            isinstance(said, int) and isinstance(end, int) and said <= 53 <= end
        ):
            return True
    return False


def _ingress(ingress: Document) -> Iterator[Fault]:
    hosts = set()
    for number, rule in enumerate(ingress.get("spec", "rules", default=[])):
        host = rule.get("host") if isinstance(rule, dict) else None
        hosts.add(host)
        if isinstance(host, str) and "$" not in host and not _HOST.fullmatch(host):
            yield Fault(ingress.path, ingress.line("spec", "rules", number, "host"), "host-invalid",
                        f"{host[:80]!r} is no host name.", "write the name alone: no scheme, port or path")  # fmt: skip
        for n, path in enumerate(listed(rule.get("http") if isinstance(rule, dict) else None, "paths")):
            at = ("spec", "rules", number, "http", "paths", n)
            if not isinstance(path, dict):
                continue
            if "pathType" not in path:
                yield Fault(ingress.path, ingress.line(*at), "path-type-missing", "This path has no pathType.",
                            "add pathType: Prefix")  # fmt: skip
            yield from word(ingress, (*at, "pathType"), ("Prefix", "Exact", "ImplementationSpecific"))
            said = path.get("path")
            if said is not None and not str(said).startswith("/") and path.get("pathType") != "ImplementationSpecific":
                yield Fault(ingress.path, ingress.line(*at, "path"), "path-relative",
                            f"The path {str(said)[:60]!r} does not begin with /.", f"write /{said}")  # fmt: skip
    for number, entry in enumerate(ingress.get("spec", "tls", default=[])):
        for host in listed(entry, "hosts"):
            covered = any(h == host or (isinstance(host, str) and host.startswith("*.") and str(h).partition(".")[2] == host[2:])
                          for h in hosts if h)  # fmt: skip
            if hosts - {None} and not covered:
                yield Fault(ingress.path, ingress.line("spec", "tls", number, "hosts"), "tls-host-unused",
                            f"The certificate is for {host}, which no rule of {ingress.name} serves.",
                            f"use {', '.join(sorted(str(h) for h in hosts if h))}")  # fmt: skip
