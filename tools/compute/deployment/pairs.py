"""CPU and memory that serverless containers are sold in: the smallest pair that holds what is needed.

Sources: AWS Fargate task sizes (Linux), Cloud Run CPU and memory limits, Azure Container Apps consumption profile.
"""

from __future__ import annotations

import math

from opsmith.tools.compute.deployment.quantities import MIB, parse_quantity
from opsmith.tools.contract import ToolError

FARGATE: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
CLOUD_RUN_CPU = (1, 2, 4, 6, 8)
CLOUD_RUN_MOST = {1: 4096, 2: 8192, 4: 16384, 6: 24576, 8: 32768}  # MiB by CPU
CLOUD_RUN_LEAST = {1: 128, 2: 128, 4: 2048, 6: 4096, 8: 4096}
CONTAINER_APPS = tuple(n / 4 for n in range(1, 17))  # cores; memory is twice that in Gi


def fargate(cpu: str, memory: str) -> tuple[int, int]:
    """(CPU units, MiB).

    >>> fargate("500m", "512Mi"), fargate("2", "1Gi")
    ((512, 1024), (2048, 4096))
    """
    cores, mib = _numbers(cpu, memory)
    for units, sizes in FARGATE.items():
        if units >= cores * 1024:
            fits = [s for s in sizes if s >= mib]
            if fits:
                return units, fits[0]
    raise ToolError(f"Fargate has no task of {cpu} CPU and {memory}; the largest is 16 CPU and 120Gi.")


def cloud_run(cpu: str, memory: str) -> tuple[str, str]:
    """(CPU, memory) as Cloud Run takes them; below one CPU it serves one request at a time, so at least one.

    >>> cloud_run("500m", "256Mi"), cloud_run("1", "6Gi")
    (('1', '512Mi'), ('2', '6144Mi'))
    """
    cores, mib = _numbers(cpu, memory)
    mib = max(mib, 512)  # the second generation starts at 512Mi
    for count in CLOUD_RUN_CPU:
        if count >= cores and mib <= CLOUD_RUN_MOST[count]:
            return str(count), f"{max(mib, CLOUD_RUN_LEAST[count])}Mi"
    raise ToolError(f"Cloud Run has no instance of {cpu} CPU and {memory}; the largest is 8 CPU and 32Gi.")


def container_apps(cpu: str, memory: str) -> tuple[float, str]:
    """(cores, memory) of the consumption profile.

    >>> container_apps("500m", "512Mi"), container_apps("250m", "3Gi")
    ((0.5, '1Gi'), (1.5, '3Gi'))
    """
    cores, mib = _numbers(cpu, memory)
    for size in CONTAINER_APPS:
        if size >= cores and size * 2048 >= mib:
            return size, f"{size * 2:g}Gi"
    raise ToolError(f"Container Apps has no replica of {cpu} CPU and {memory}; the largest is 4 CPU and 8Gi.")


def fargate_fault(units: int, mib: int) -> str:
    """What is wrong with a Fargate pair; "" when it is on offer."""
    if units not in FARGATE:
        return f"Fargate offers {', '.join(map(str, FARGATE))} CPU units, not {units}"
    if mib not in FARGATE[units]:
        sizes = FARGATE[units]
        return f"with {units} CPU units Fargate offers {sizes[0]} to {sizes[-1]} MiB in its steps, not {mib}"
    return ""


def cloud_run_fault(cores: float, mib: float, concurrency: int = 1) -> str:
    """What is wrong with a Cloud Run pair; "" when it is on offer."""
    if cores < 1:
        return "below one CPU Cloud Run serves one request at a time" if concurrency > 1 else ""
    if cores not in CLOUD_RUN_CPU:
        return f"Cloud Run offers {', '.join(map(str, CLOUD_RUN_CPU))} CPU, not {cores:g}"
    least, most = CLOUD_RUN_LEAST[int(cores)], CLOUD_RUN_MOST[int(cores)]
    return "" if least <= mib <= most else f"with {cores:g} CPU Cloud Run offers {least} to {most} MiB, not {mib:g}"


def container_apps_fault(cores: float, mib: float) -> str:
    """What is wrong with a Container Apps pair; "" when it is on offer."""
    if cores not in CONTAINER_APPS:
        return f"Container Apps offers CPU in steps of 0.25 up to 4, not {cores:g}"
    return (
        "" if mib == cores * 2048 else f"with {cores:g} CPU Container Apps offers {cores * 2:g}Gi, not {mib / 1024:g}Gi"
    )


def _numbers(cpu: str, memory: str) -> tuple[float, int]:
    cores, size = parse_quantity(cpu), parse_quantity(memory)
    if cores is None or size is None:
        raise ToolError(f"{cpu} CPU with {memory} memory cannot be read.")
    return float(cores), math.ceil(size / MIB)
