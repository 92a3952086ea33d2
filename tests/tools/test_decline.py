"""A refusal says why and does nothing."""

from pathlib import Path

from opsmith.tools.contract import Context
from opsmith.tools.decline import decline


def test_a_refusal_has_a_reason_and_no_action(project: Path) -> None:
    assert decline("I book no tables.", context=Context(project)).headline == "I book no tables."
    assert decline(context=Context(project)).actions == ()
