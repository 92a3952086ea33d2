"""What is to be deployed, where and how large: every value checked once, every default named as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsmith.tools.compute.deployment import names, quantities
from opsmith.tools.compute.deployment.quantities import Quantity
from opsmith.tools.contract import ToolError

ENVIRONMENTS = ("local", "on_prem", "edge", "cloud")
CLOUDS = ("aws", "gcp", "azure")
STAGES = ("dev", "staging", "prod")
ARTIFACTS = ("dockerfile", "compose", "k8s", "hpa", "script", "requirements", "keda", "kserve", "workflow",
             "cloudformation")  # fmt: skip
PLATFORMS = {
    "ecs": "aws", "eks": "aws", "cloud_run": "gcp", "gke": "gcp", "container_apps": "azure", "aks": "azure",
}  # fmt: skip
CLUSTERS = ("eks", "gke", "aks")
PORT = 8080
CPU_TARGET = 65  # percent of the CPU request: the headroom of the sizing procedure (docs/DEPLOY.md)
MOST_REPLICAS = 1000
SETTABLE = ("environment", "cloud", "platform", "stage", "replicas", "min_replicas", "max_replicas", "cpu", "memory",
            "cpu_target", "port", "tag")  # fmt: skip


@dataclass(frozen=True)
class Assumption:
    """A value that nobody stated: what, why, and the sentence that changes it."""

    name: str
    value: str
    why: str
    change: str


@dataclass(frozen=True)
class DeployPlan:
    """One deployment. `cpu`, `memory` are requests, `cpu_limit`, `memory_limit` limits, as Kubernetes writes them."""

    name: str
    model: str
    version: int
    environment: str | None  # None: the files fit any place
    cloud: str | None
    platform: str | None
    stage: str
    replicas: int
    min_replicas: int
    max_replicas: int
    autoscaled: bool
    cpu: str
    cpu_limit: str
    memory: str
    memory_limit: str
    cpu_cores: float  # the request
    memory_bytes: int  # the limit
    cpu_target: int
    port: int
    image: str  # repository without tag
    tag: str
    architecture: str  # amd64 or arm64
    artifacts: tuple[str, ...]
    sizing: Mapping[str, Any] | None  # what `build` measured, None when nothing was
    assumptions: tuple[Assumption, ...]

    @property
    def image_reference(self) -> str:
        """`image:tag` as every file names it."""
        return f"{self.image}:{self.tag}"

    @property
    def max_queue(self) -> int | None:
        """Requests under way above which a replica answers 503, where `build` measured it; else the service's own default."""
        found = (self.sizing or {}).get("max_queue")
        return int(found) if found else None


def make_plan(
    model: str,
    version: int,
    asked: Mapping[str, Any],
    artifacts: Sequence[str] = (),
    sizing: Mapping[str, Any] | None = None,
) -> DeployPlan:
    """A plan from what a person asked for (keys: SETTABLE; None means not said), defaults for the rest.

    artifacts: the kinds of files wanted; the usual ones of the place when empty. sizing: {cpu, cpu_limit, memory,
    memory_limit, replicas, max_replicas, ...} from a measurement; what a person asked for wins over it.
    Raises ToolError for a value that no file can hold.
    """
    said = {k: v for k, v in asked.items() if v is not None}
    unknown = sorted(set(said) - set(SETTABLE))
    if unknown:
        raise ToolError(f"A deployment has no setting {', '.join(unknown)}. There are: {', '.join(SETTABLE)}.")
    name = names.deployment_name(model)
    environment, cloud, platform = _place(said)
    wanted = tuple(dict.fromkeys(_one_of(a, ARTIFACTS, "artifacts") for a in artifacts))
    stage = _one_of(said["stage"], STAGES, "stage") if "stage" in said else "dev"
    assumed: list[Assumption] = []

    def default(key: str, value: Any, why: str, change: str) -> Any:
        measured = (sizing or {}).get(key)
        if measured is not None:
            return measured
        assumed.append(Assumption(key, str(value), why, change))
        return value

    small = environment == "edge"
    cpu_said, memory_said = said.get("cpu"), said.get("memory")
    cpu = quantities.cpu(cpu_said or default("cpu", "500m", "default, not measured", "use 250m CPU"))
    memory = quantities.memory(
        memory_said or default("memory", "256Mi" if small else "512Mi", "default, not measured", "give it 1Gi memory")
    )
    cpu_limit = cpu if cpu_said or not (sizing or {}).get("cpu_limit") else quantities.cpu((sizing or {})["cpu_limit"])
    memory_limit = _limit(memory, memory_said, sizing)
    replicas, least, most = _replicas(said, environment, default)
    port = _whole(said["port"], "port", 1, 65535) if "port" in said else default(
        "port", PORT, "default", "use port 9000")  # fmt: skip
    target = _whole(said["cpu_target"], "cpu_target", 1, 100) if "cpu_target" in said else default(
        "cpu_target", CPU_TARGET, "headroom for one busy replica while the next starts", "scale at 70% CPU")  # fmt: skip
    tag = names.image_tag(str(said["tag"])) if "tag" in said else f"v{version}"
    chosen = wanted or _usual(environment, cloud, platform)
    fixed = "replicas" in said and not {"min_replicas", "max_replicas", "cpu_target"} & set(said)
    autoscaled = "hpa" in chosen or ("k8s" in chosen and not fixed)
    return DeployPlan(
        name, model, version, environment, cloud, platform, stage, replicas, least, most, autoscaled,
        cpu.text, cpu_limit.text, memory.text, memory_limit.text, float(cpu.number), int(memory_limit.number),
        int(target), int(port), name, tag, "arm64" if small else "amd64", chosen, sizing, tuple(assumed),
    )  # fmt: skip


def _place(said: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    environment = _one_of(said["environment"], ENVIRONMENTS, "environment") if "environment" in said else None
    cloud = _one_of(said["cloud"], CLOUDS, "cloud") if "cloud" in said else None
    platform = _one_of(said["platform"], tuple(PLATFORMS), "platform") if "platform" in said else None
    if platform:
        if cloud and cloud != PLATFORMS[platform]:
            raise ToolError(f"{platform} belongs to {PLATFORMS[platform]}, not to {cloud}. Which one is meant?")
        cloud = PLATFORMS[platform]
    if cloud and environment not in (None, "cloud"):
        raise ToolError(f"{cloud} is a cloud, but the environment is {environment}. Which one is meant?")
    return ("cloud" if cloud else environment), cloud, platform


def _usual(environment: str | None, cloud: str | None, platform: str | None) -> tuple[str, ...]:
    """The kinds of files that a place needs when none was named."""
    if environment == "local":
        return ("dockerfile", "compose", "requirements")
    if environment == "edge":
        return ("dockerfile", "compose", "script", "requirements")
    if platform is not None and platform not in CLUSTERS:
        return ("dockerfile", "script", "requirements")
    if environment is None:
        return ("dockerfile", "compose", "requirements")
    return ("dockerfile", "k8s", "hpa", "script", "requirements")


def _replicas(said: Mapping[str, Any], environment: str | None, default: Any) -> tuple[int, int, int]:
    """replicas, fewest and most, agreeing with one another."""
    given = {k: _whole(said[k], k, 1, MOST_REPLICAS) for k in ("replicas", "min_replicas", "max_replicas") if k in said}
    one = environment in ("edge", "local")
    if "replicas" in given:
        replicas = given["replicas"]
    elif "min_replicas" in given:
        replicas = given["min_replicas"]
    else:
        usual = min(1 if one else 2, given.get("max_replicas", MOST_REPLICAS))
        replicas = int(
            default("replicas", usual, "one fails, one serves" if usual > 1 else "one device", "use 3 replicas")
        )
    least = given.get("min_replicas", min(replicas, given.get("max_replicas", replicas)))
    if "max_replicas" in given:
        most = given["max_replicas"]
    else:
        usual = max(replicas, least) * (1 if one else 3)
        most = int(default("max_replicas", min(usual, MOST_REPLICAS), "three times the fewest, not measured",
                           "autoscale from 2 to 10"))  # fmt: skip
        most = max(most, least)
    if least > most:
        raise ToolError(
            f"The fewest replicas ({least}) are more than the most ({most}). Say, for example, 2 to {least}."
        )
    if not least <= replicas <= most:
        raise ToolError(f"{replicas} replicas lie outside {least} to {most}. Change one of the three.")
    return replicas, least, most


def _limit(memory: Quantity, said: Any, sizing: Mapping[str, Any] | None) -> Quantity:
    if said is None and sizing and sizing.get("memory_limit"):
        return quantities.memory(sizing["memory_limit"])
    return memory


def _one_of(value: Any, known: tuple[str, ...], what: str) -> str:
    plain = str(value).strip().lower().replace("-", "_").replace(" ", "_")
    if plain not in known:
        raise ToolError(f"{what}: {str(value)[:60]!r} is not known. There are: {', '.join(known)}.")
    return plain


def _whole(value: Any, what: str, least: int, most: int) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise ToolError(f"{what} is a whole number from {least} to {most:,}, not {str(value)[:40]!r}.") from None
    if not least <= number <= most:
        raise ToolError(f"{what} is from {least} to {most:,}; {number} was asked for.")
    return number
