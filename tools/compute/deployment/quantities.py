"""CPU and memory as people and Kubernetes write them: one parser, exact numbers, one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from opsmith.tools.contract import ToolError

_DECIMAL = {"n": "1e-9", "u": "1e-6", "m": "1e-3", "": "1", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12",
            "P": "1e15", "E": "1e18"}  # fmt: skip
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_GRAMMAR = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?", re.ASCII)
_SPOKEN = re.compile(r"(\d+(?:[.,]\d+)?|[.,]\d+)\s*([a-zA-Z]*)", re.ASCII)
MIB = 2**20
LEAST_MEMORY, MOST_MEMORY = 16 * MIB, 4 * 2**40
LEAST_CPU, MOST_CPU = Decimal("0.01"), Decimal(256)


@dataclass(frozen=True)
class Quantity:
    """A size: `text` as Kubernetes writes it, `number` in cores or bytes."""

    text: str
    number: Decimal


def parse_quantity(text: object) -> Decimal | None:
    """The number a Kubernetes quantity stands for, exactly; None when it is no quantity.

    Grammar: k8s.io/apimachinery resource.Quantity.

    >>> parse_quantity("500m"), parse_quantity("1Gi"), parse_quantity("10XB")
    (Decimal('0.500'), Decimal('1073741824'), None)
    """
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        return None
    found = _GRAMMAR.fullmatch(str(text))
    if not found:
        return None
    number, unit = Decimal(found[1]), found[2] or ""
    if unit in _BINARY:
        return number * _BINARY[unit]
    try:
        return number * Decimal(_DECIMAL.get(unit) or "1" + unit)
    except InvalidOperation:
        return None


def memory(said: object) -> Quantity:
    """Memory as a person says it: `512Mi`, `1 GiB`, `2GB`, `300 megabytes`. ToolError when it cannot be read.

    MB and GB are read as Mi and Gi, and `512m` as 512Mi, as Docker does; M and G stay decimal, as in Kubernetes.

    >>> memory("1 GiB").text, memory("512MB").text, memory("1.5Gi").text, memory("512m").text
    ('1Gi', '512Mi', '1536Mi', '512Mi')
    """
    found = _SPOKEN.fullmatch(str(said).strip())
    unit = _memory_unit(found[2]) if found else None
    if found is None or unit is None:
        raise ToolError(f"{_short(said)} is no amount of memory. Write it as 512Mi, 1Gi or 2G.")
    number = Decimal(found[1].replace(",", "."))
    size = number * (_BINARY.get(unit) or Decimal(_DECIMAL[unit]))
    if not LEAST_MEMORY <= size <= MOST_MEMORY:
        raise ToolError(f"{_short(said)} of memory is {size / MIB:,.2f} Mi; a replica can have 16Mi to 4Ti.")
    if number == number.to_integral():
        return Quantity(f"{int(number)}{unit}", size)
    return Quantity(f"{int(size // MIB)}Mi", Decimal(int(size // MIB) * MIB))


def cpu(said: object) -> Quantity:
    """Cores as a person says them: `500m`, `0.5`, `2 cores`. ToolError when it cannot be read.

    >>> cpu("0.5").text, cpu(2).text, cpu("250m").text
    ('500m', '2', '250m')
    """
    found = _SPOKEN.fullmatch(str(said).strip())
    unit = found[2].lower() if found else "?"
    if found is None or unit not in (
        "",
        "m",
        "millicores",
        "millicore",
        "cpu",
        "cpus",
        "vcpu",
        "vcpus",
        "core",
        "cores",
    ):
        raise ToolError(f"{_short(said)} is no amount of CPU. Write it as 500m, 0.5 or 2.")
    cores = Decimal(found[1].replace(",", ".")) * (Decimal("0.001") if unit.startswith("m") else 1)
    if not LEAST_CPU <= cores <= MOST_CPU:
        raise ToolError(f"{_short(said)} is {cores} cores; a replica can have 0.01 to 256.")
    return cores_quantity(cores)


def cores_quantity(cores: Decimal) -> Quantity:
    """Cores in whole or in thousandths."""
    if cores == cores.to_integral():
        return Quantity(str(int(cores)), cores)
    thousandths = int((cores * 1000).to_integral_value())
    return Quantity(f"{thousandths}m", Decimal(thousandths) / 1000)


def _memory_unit(said: str) -> str | None:
    """The Kubernetes unit for a spoken one; None when there is none that makes sense for memory."""
    if said in _BINARY or said in ("M", "G", "T"):
        return said
    word = said.lower()
    for letter, name in (("k", "kilo"), ("m", "mega"), ("g", "giga"), ("t", "tera")):
        spoken = (letter, letter + "b", letter + "i", letter + "ib", name + "byte", name + "bytes",
                  name[:2] + "bibyte", name[:2] + "bibytes")  # fmt: skip
        if word in spoken:
            return letter.upper() + "i"
    return None


def _short(said: object) -> str:
    return repr(str(said)[:40])
