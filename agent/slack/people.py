"""Who may do what in Slack: workspaces, channels, people and their roles, from the settings; a refusal says who can help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from opsmith.agent.rights import Rights

Role = Literal["none", "viewer", "operator"]
KEPT_SECONDS = 600  # how long a person's entry in Slack's directory is believed


@dataclass(frozen=True)
class Person:
    """A Slack user as Opsmith sees them. name: who they are in journal and approvals."""

    id: str
    name: str
    role: Role
    refusal: str = ""  # why the role is no higher, and who can help
    outside: bool = False  # a guest, or a member of another workspace


class People:
    """Roles of one workspace's people.

    settings: flat settings (slack.*, approvals.*). home_team: the team id of the bot's own workspace. look_up: asks
    Slack for a user (`users.info`), or returns {} when it cannot.
    """

    def __init__(
        self, settings: Mapping[str, Any], home_team: str, look_up: Callable[[str], Mapping[str, Any]]
    ) -> None:
        self._settings, self._home = settings, home_team
        self._look_up = look_up
        self._known: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()
        self._names = dict(pair.split("=", 1) for pair in settings["slack.people"] if "=" in pair)
        self.approvers: dict[str, set[str]] = {}
        for entry in settings["slack.approvers"]:
            user, _, kind = entry.partition(":")
            self.approvers.setdefault(user, set()).add(kind or "*")

    def place_refusal(self, team: str, channel: str, direct: bool) -> str:
        """Why this workspace or channel is not served, or ''."""
        teams = self._settings["slack.teams"] or [self._home]
        if team not in teams:
            return "This workspace is not among slack.teams in Opsmith's settings. Who runs Opsmith can add it."
        channels = self._settings["slack.channels"]
        if channels and not direct and channel not in channels:
            where = ", ".join(f"<#{c}>" for c in channels)
            return f"Opsmith is not open in this channel. It is in {where}."
        return ""

    def person(self, user: str, team: str) -> Person:
        """A person with their role: what the settings list, never more than a viewer for guests and other workspaces."""
        name = self._names.get(user, f"slack:{user}")
        listed = {role: self._settings[f"slack.{role}s"] for role in ("viewer", "operator")}
        named = user in listed["viewer"] or user in listed["operator"] or user in self.approvers
        entry = self._entry(user)
        if entry.get("deleted"):
            return Person(user, name, "none", "This account is deactivated.")
        if entry.get("is_bot"):
            listed_bot = user in self._settings["slack.bots"]
            return Person(user, name, "viewer" if listed_bot else "none", "Bots may only look.", True)
        if not entry and not named:
            return Person(user, name, "viewer", "Slack's directory does not answer, so for now you may only look.")
        outside = _outside(entry, team, {self._home, *self._settings["slack.teams"]})
        if outside:
            if named:
                return Person(
                    user, name, "viewer", f"Guests and other workspaces may only look. {self.helpers()}", True
                )
            return Person(
                user, name, "none", f"You are a guest here and not listed for Opsmith. {self.helpers()}", True
            )
        if user in listed["operator"] or user in self.approvers:
            return Person(user, name, "operator")
        if listed["viewer"] and user not in listed["viewer"]:
            return Person(user, name, "none", f"You are not listed for Opsmith. {self.helpers()}")
        if listed["operator"]:
            return Person(user, name, "viewer", f"You may ask and read here, not change. {self.helpers()}")
        return Person(user, name, "operator")

    def rights(self, person: Person) -> Rights:
        """What a person may do, as the session checks it."""
        change = person.refusal if person.role != "operator" else ""
        if person.role != "operator" and not change:
            change = f"You may ask and read here, not change. {self.helpers()}"

        def decide(approval: Mapping[str, Any], answer: str) -> str:
            return self.decide_refusal(person, approval, answer)

        return Rights(change, decide)

    def decide_refusal(self, person: Person, approval: Mapping[str, Any], answer: str) -> str:
        """Why a person may not answer an approval so, or ''. Who asked may always take it back; approvers may do all."""
        if answer == "edited":
            return "" if person.role == "operator" else (person.refusal or self.helpers())
        kind = str(approval["class"])
        if not person.outside and self.approvers.get(person.id, set()) & {"*", kind}:
            return ""
        if answer == "no" and person.role == "operator" and approval["proposed_by"] == person.name:
            return ""
        return f"You are not listed to approve actions of class {kind}. {self.helpers(kind)}"

    def helpers(self, kind: str = "") -> str:
        """Who can help, in one sentence."""
        able = [u for u, kinds in self.approvers.items() if not kind or kinds & {"*", kind}]
        if not able and kind:
            return "Nobody is listed for it in Slack (slack.approvers); it can be answered in the terminal: `opsmith pending`."
        asked = able or self._settings["slack.operators"]
        if not asked:
            return "Who runs Opsmith can change that in its settings (slack.operators, slack.approvers)."
        return f"{' or '.join(self.called(u) for u in asked[:5])} can help."

    def called(self, user: str) -> str:
        """A person's name as others know it, without calling them."""
        entry = self._entry(user)
        profile = entry.get("profile") or {}
        return f"@{profile.get('display_name') or entry.get('real_name') or entry.get('name') or user}"

    def may_approve(self, kind: str) -> str:
        """Who may approve this class, as a card says it."""
        able = [u for u, kinds in self.approvers.items() if kinds & {"*", kind}]
        return f"May approve: {', '.join(f'<@{u}>' for u in able[:10])}" if able else self.helpers(kind)

    def _entry(self, user: str) -> Mapping[str, Any]:
        with self._lock:
            at, entry = self._known.get(user, (0.0, {}))
        if time.monotonic() - at < KEPT_SECONDS and at:
            return entry
        entry = self._look_up(user)
        with self._lock:
            if len(self._known) > 5000:
                self._known.clear()
            if entry:
                self._known[user] = (time.monotonic(), entry)
        return entry


def _outside(entry: Mapping[str, Any], team: str, ours: set[str]) -> bool:
    """A guest, a stranger, or a member of another workspace. Without an entry in the directory, the event's team decides."""
    if any(entry.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_stranger")):
        return True
    return str(entry.get("team_id") or team) not in ours
