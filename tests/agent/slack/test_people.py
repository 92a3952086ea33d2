"""Roles: who may look, change and approve, and who is sent to whom."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opsmith.agent import settings as settings_file
from opsmith.agent.slack.people import People

DIRECTORY: dict[str, Mapping[str, Any]] = {
    "U1": {"team_id": "T1", "profile": {"display_name": "ada"}},
    "U2": {"team_id": "T1", "real_name": "Bob"},
    "UGUEST": {"team_id": "T1", "is_restricted": True},
    "UFAR": {"team_id": "T9"},
    "UBOT2": {"team_id": "T1", "is_bot": True},
    "UGONE": {"team_id": "T1", "deleted": True},
}
ROW = {"class": "train", "proposed_by": "slack:U2"}


def people(tmp_path: Path, **flags: Any) -> People:
    named = {f"slack.{k}": v for k, v in flags.items()}
    return People(settings_file.load(tmp_path, named, environ={}).flat(), "T1", lambda user: DIRECTORY.get(user, {}))


@pytest.mark.parametrize(
    ("user", "flags", "role"),
    [
        ("U1", {}, "operator"),  # nobody listed: every member may ask for changes, nobody may approve
        ("U1", {"viewers": ["U2"]}, "none"),
        ("U1", {"operators": ["U2"]}, "viewer"),
        ("U1", {"approvers": ["U1:train"], "operators": ["U2"]}, "operator"),
        ("U2", {"viewers": ["U2"], "operators": ["U1"]}, "viewer"),
        ("UGUEST", {}, "none"),
        ("UGUEST", {"operators": ["UGUEST"], "approvers": ["UGUEST"]}, "viewer"),
        ("UFAR", {"viewers": ["UFAR"]}, "viewer"),
        ("UFAR", {"teams": ["T1", "T9"]}, "operator"),
        ("UBOT2", {"operators": ["UBOT2"]}, "none"),
        ("UBOT2", {"bots": ["UBOT2"]}, "viewer"),
        ("UGONE", {"operators": ["UGONE"]}, "none"),
        ("UUNKNOWN", {}, "viewer"),  # the directory does not answer
    ],
)
def test_roles(tmp_path: Path, user: str, flags: dict[str, Any], role: str) -> None:
    person = people(tmp_path, **flags).person(user, "T1")
    assert person.role == role
    assert role == "operator" or person.refusal


@pytest.mark.parametrize(
    ("user", "answer", "allowed"),
    [
        ("U1", "yes", True), ("U2", "yes", False), ("U2", "no", True), ("U1", "no", True), ("U2", "edited", True),
        ("UGUEST", "yes", False), ("UGUEST", "no", False), ("UFAR", "edited", False),
    ],
)  # fmt: skip
def test_who_may_answer_an_approval(tmp_path: Path, user: str, answer: str, allowed: bool) -> None:
    known = people(tmp_path, approvers=["U1", "UGUEST"])
    assert (known.decide_refusal(known.person(user, "T1"), ROW, answer) == "") is allowed


def test_an_approver_of_one_class_approves_no_other(tmp_path: Path) -> None:
    known = people(tmp_path, approvers=["U1:train", "U2:promote"])
    ada = known.person("U1", "T1")
    assert known.decide_refusal(ada, ROW, "yes") == ""
    assert "@Bob can help" in known.decide_refusal(ada, {**ROW, "class": "promote"}, "yes")
    assert "terminal" in known.decide_refusal(ada, {**ROW, "class": "delete"}, "yes")


def test_a_person_has_one_name_in_slack_and_the_terminal(tmp_path: Path) -> None:
    assert people(tmp_path, people=["U1=ada"]).person("U1", "T1").name == "ada"


@pytest.mark.parametrize(
    ("team", "channel", "direct", "served"),
    [("T1", "C1", False, True), ("T1", "C2", False, False), ("T1", "D1", True, True), ("T2", "C1", False, False)],
)
def test_places(tmp_path: Path, team: str, channel: str, direct: bool, served: bool) -> None:
    assert (people(tmp_path, channels=["C1"]).place_refusal(team, channel, direct) == "") is served


def test_the_rights_of_a_viewer_say_who_can_help(tmp_path: Path) -> None:
    known = people(tmp_path, operators=["U2"])
    rights = known.rights(known.person("U1", "T1"))
    assert "@Bob can help" in rights.change
    assert known.rights(known.person("U2", "T1")).change == ""
