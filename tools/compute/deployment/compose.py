"""A compose file of a plan: read-only, without capabilities, limited, health-checked."""

from __future__ import annotations

from typing import Any

from opsmith.tools.compute.deployment.plan import DeployPlan
from opsmith.tools.compute.deployment.service_contract import (
    LOG_FOLDER,
    LOG_VARIABLE,
    PORT_VARIABLE,
    QUEUE_VARIABLE,
    THREADS_VARIABLE,
)


def compose(plan: DeployPlan) -> dict[str, Any]:
    """The compose project; the health check is the image's own."""
    service: dict[str, Any] = {
        "image": plan.image_reference,
        **({"build": {"context": "."}} if "dockerfile" in plan.artifacts else {}),
        "init": True,
        "restart": "unless-stopped",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "tmpfs": ["/tmp:mode=1777,noexec,nosuid,size=67108864"],
        "environment": {
            PORT_VARIABLE: str(plan.port),
            LOG_VARIABLE: LOG_FOLDER,
            THREADS_VARIABLE: "1",
            **({QUEUE_VARIABLE: str(plan.max_queue)} if plan.max_queue else {}),
        },
        # The loopback address only: what is to be reached from outside is put behind a proxy on purpose.
        "ports": [{"target": plan.port, "published": str(plan.port), "host_ip": "127.0.0.1", "protocol": "tcp"}],
        "volumes": [{"type": "volume", "source": "predictions", "target": LOG_FOLDER}],
        # Limits stand here and nowhere else: the engine refuses a file that mixes the two places.
        "deploy": {
            "resources": {
                "limits": {"cpus": _cores(plan), "memory": _bytes(plan.memory_bytes), "pids": 128},
            }
        },
        "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
        "stop_grace_period": "30s",
    }
    if plan.port < 1024:
        service["sysctls"] = {"net.ipv4.ip_unprivileged_port_start": str(plan.port)}
    if plan.architecture == "arm64":
        service["platform"] = "linux/arm64"
    return {"name": plan.name, "services": {plan.name: service}, "volumes": {"predictions": {}}}


def _cores(plan: DeployPlan) -> str:
    from opsmith.tools.compute.deployment.quantities import parse_quantity

    number = parse_quantity(plan.cpu_limit)
    return f"{float(number or 0):g}"


def _bytes(size: int) -> str:
    """Compose reads M as 1024 x 1024 bytes."""
    return f"{size // 2**20}M" if size % 2**20 == 0 else f"{size}b"
