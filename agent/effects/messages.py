"""Send alerts: terminal record, webhook, mail, Slack. Each alert is recorded before it leaves, and leaves once."""

from __future__ import annotations

import base64
import json
import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from opsmith.agent.effects import Effect, Outcome, Place
from opsmith.tools.contract import ToolError

RECORD = "alerts.jsonl"
SECONDS = 10
LARGEST_REPORT = 5 << 20  # bytes; a larger one is named, not attached


@dataclass(frozen=True)
class Alert:
    """What a monitor has to tell."""

    id: str  # one alert, however often its delivery is tried
    monitor: str
    time: str  # UTC, ISO 8601
    verdict: str
    headline: str
    advice: str = ""
    breaches: tuple[Mapping[str, Any], ...] = ()
    report: str = ""  # project-relative path of the HTML report
    approvals: tuple[str, ...] = ()  # what waits for a yes, such as a retraining
    recovered: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)

    def subject(self) -> str:
        state = "is fine again" if self.recovered else self.verdict
        return f"[opsmith] {self.monitor}: {state}"

    def text(self) -> str:
        """The alert in a few plain lines."""
        lines = [self.headline]
        lines += [
            f"- {b['metric']} is {b['value']:.4g}, threshold {b['threshold']:g}" for b in self.breaches if "metric" in b
        ]
        lines += [self.advice] if self.advice else []
        lines += [f"Report: {self.report}"] if self.report else []
        lines += [f"Waiting for a yes: {a} (answer in the terminal or in Slack)" for a in self.approvals]
        return "\n".join(lines)


def deliver(alert: Alert, channel: str, project: Path, settings: Mapping[str, Any]) -> str:
    """Send one alert by one channel; where it went, in words. ToolError when it could not be sent.

    Every alert is first appended to .opsmith/alerts.jsonl, whatever becomes of its delivery.
    """
    record(alert, project)
    if channel == "terminal":
        return "shown in the terminal"
    if channel == "webhook":
        return _webhook(alert, str(settings.get("alerts.webhook_url") or ""))
    if channel == "email" or "@" in channel:
        to = channel if "@" in channel else str(settings.get("alerts.email_to") or "")
        return _mail(alert, to, project, settings)
    if channel == "slack" or channel.startswith("#"):
        from opsmith.agent.slack.alerts import post

        where = channel if channel.startswith("#") else str(settings.get("slack.alert_channel") or "")
        return post(alert, where, project, settings)
    raise ToolError(f"{channel!r} is no channel for alerts. There are terminal, slack, email, webhook.")


def record(alert: Alert, project: Path) -> None:
    """Append the alert to the project's record, once for each id."""
    path = project / ".opsmith" / RECORD
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and f'"id": "{alert.id}"' in path.read_text(encoding="utf-8"):
        return
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"version": 1, **asdict(alert)}, ensure_ascii=False, default=str) + "\n")


def _webhook(alert: Alert, url: str) -> str:
    import urllib.request

    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ToolError("The alert has no webhook to go to. Set alerts.webhook_url to an http or https address.")
    told = {"version": 1, "text": f"{alert.subject()}\n{alert.text()}", **asdict(alert)}
    drawn = _drawn(alert)
    if drawn:
        told["picture"] = "data:image/png;base64," + base64.b64encode(drawn).decode()
    body = json.dumps(told, default=str).encode()
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/json", "Idempotency-Key": alert.id, "User-Agent": "opsmith"}
    )
    host = urllib.parse.urlsplit(url).hostname
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            answer.read(1000)
    except OSError as error:
        raise ToolError(f"The webhook at {host} did not take the alert: {getattr(error, 'reason', error)}") from None
    return f"posted to the webhook at {host}"


def _mail(alert: Alert, to: str, project: Path, settings: Mapping[str, Any]) -> str:
    import smtplib
    from email.message import EmailMessage

    where = urllib.parse.urlsplit(str(settings.get("alerts.smtp_url") or ""))
    if where.scheme not in ("smtp", "smtps") or not where.hostname or not to:
        raise ToolError("Mail is not set up. Set alerts.smtp_url (smtp://user@host:port) and alerts.email_to.")
    letter = EmailMessage()
    letter["Subject"] = " ".join(alert.subject().split())
    letter["From"] = (
        f"{where.username or 'opsmith'}@{where.hostname}" if "@" not in (where.username or "") else where.username
    )
    letter["To"] = ", ".join(part.strip() for part in to.replace("\n", " ").split(","))
    letter["Message-ID"] = f"<{alert.id}@opsmith>"
    letter.set_content(alert.text() + "\n")
    drawn = _drawn(alert)
    if drawn:
        letter.add_attachment(drawn, "image", "png", filename=f"{alert.monitor}.png")
    report = project / alert.report
    if alert.report and report.is_file() and report.stat().st_size <= LARGEST_REPORT:
        letter.add_attachment(report.read_bytes(), "text", "html", filename=report.name)
    make = smtplib.SMTP_SSL if where.scheme == "smtps" else smtplib.SMTP
    try:
        with make(where.hostname, where.port or 0, timeout=SECONDS) as server:
            password = os.environ.get("OPSMITH_SMTP_PASSWORD")
            if where.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls()
            if password and where.username:
                server.login(urllib.parse.unquote(where.username), password)
            server.send_message(letter)
    except (OSError, smtplib.SMTPException) as error:
        raise ToolError(f"The mail server {where.hostname} did not take the alert: {error}") from None
    return f"mailed to {to}"


def _drawn(alert: Alert) -> bytes:
    """The picture of an alert; empty when there is nothing to draw, or nothing to draw it with."""
    from opsmith.agent.pictures import of_alert

    try:
        return of_alert(alert.details.get("moved") or {}, alert.subject())[0]
    except ToolError:
        return b""


def _send(arguments: Mapping[str, Any], place: Place) -> Outcome:
    """The effect: an alert that a person approved, sent once for each approval."""
    done = place.kept / "sent.json"
    if done.exists():
        return Outcome(str(json.loads(done.read_text())["message"]))
    given = dict(arguments["alert"])
    alert = Alert(**{**given, "id": place.approval_id, "breaches": tuple(given.get("breaches", ())), "approvals": ()})
    message = f"The alert was {deliver(alert, str(arguments['channel']), place.project, place.settings)}."
    part = done.with_suffix(".part")
    part.write_text(json.dumps({"message": message}))
    part.replace(done)
    return Outcome(message, data={"channel": arguments["channel"]})


EFFECTS = (Effect("send_alert", "send", lambda arguments, project: "", _send),)
