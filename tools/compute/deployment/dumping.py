"""YAML and JSON as text, by dumpers only: whatever a value holds, it stays one value."""

from __future__ import annotations

import json
from typing import Any

import yaml


class _Readable(yaml.SafeDumper):
    """Lists are indented below their key, as people write them; text over several lines stays readable."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value and value.endswith("\n") and value.isprintable() is False else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Readable.add_representer(str, _text)


def yaml_text(value: Any, heading: str = "") -> str:
    """One YAML document. heading: a fixed comment line of ours; never text from outside."""
    body = yaml.dump(value, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=10_000)
    return (f"# {heading}\n" if heading else "") + body


def json_text(value: Any) -> str:
    """One JSON document, indented."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
