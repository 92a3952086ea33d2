"""An alert of a monitor in Slack: what moved, the picture below it, and a card for the approval that it asks for."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.agent.slack import cards, files
from opsmith.agent.slack.command import make_client
from opsmith.agent.slack.people import People
from opsmith.agent.slack.queue import Queue
from opsmith.agent.slack.show import post_card
from opsmith.agent.slack.view import cut, escaped
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from opsmith.agent.effects.messages import Alert

log = logging.getLogger(__name__)


def post(alert: Alert, channel: str, project: Path, settings: Mapping[str, Any]) -> str:
    """Post the alert into a channel; where it went, in words. ToolError when Slack is not set up or does not take it.

    The bot's token is read from SLACK_BOT_TOKEN. Pictures and cards follow in the alert's thread; a picture that cannot
    be sent is no reason to send the alert again.
    """
    token = os.environ.get("SLACK_BOT_TOKEN")
    if not token or not channel:
        raise ToolError("Slack is not set up for alerts. Set SLACK_BOT_TOKEN and slack.alert_channel.")
    client = make_client(token, os.environ.get("SLACK_API_URL", ""))
    from slack_sdk.errors import SlackClientError

    try:
        answer = client.chat_postMessage(
            channel=channel, text=cut(f"{escaped(alert.subject())}\n{escaped(alert.headline)}", 3000),
            blocks=cards.alert_blocks(vars(alert), alert.subject()), unfurl_links=False,
        )  # fmt: skip
        _cards(client, alert, str(answer["channel"]), str(answer["ts"]), project, settings)
    except (SlackClientError, OSError) as error:
        raise ToolError(f"Slack did not take the alert for {channel}: {str(error).splitlines()[0]}") from None
    try:
        _picture(client, alert, str(answer["channel"]), str(answer["ts"]), project)
    except (SlackClientError, ToolError, OSError) as error:
        log.warning("the picture of an alert could not be sent: %s", str(error).splitlines()[0])
    return f"posted to {channel} in Slack"


def _cards(client: Any, alert: Alert, channel: str, root: str, project: Path, settings: Mapping[str, Any]) -> None:
    """A card, also shown in the channel, for each approval that still waits and has none."""
    if not alert.approvals:
        return
    from opsmith.agent.approvals import Approvals

    queue = Queue(project, str(settings.get("store.url") or ""))
    try:
        approvals = Approvals(queue.store, project, settings)
        people = People(settings, "", lambda user: {})
        for approval in alert.approvals:
            if approvals.get(approval)["state"] == "pending" and queue.card(approval) is None:
                post_card(
                    client, queue, people, settings, approvals.proposal(approval), channel, root, reply_broadcast=True
                )
    finally:
        queue.close()


def _picture(client: Any, alert: Alert, channel: str, root: str, project: Path) -> None:
    """How far each column moved, and the report with it."""
    given: list[dict[str, Any]] = []
    moved: Mapping[str, float] = alert.details.get("moved") or {}
    if moved:
        from opsmith.agent.pictures import of_alert

        drawn, words = of_alert(moved, alert.subject())
        given.append({"content": drawn, "filename": f"{alert.monitor}.png",
                      "title": cut(alert.subject(), 100), "alt_txt": cut(words, 500)})  # fmt: skip
    report = project / alert.report if alert.report else None
    if report is not None and report.is_file() and report.stat().st_size <= files.LARGEST_REPORT:
        given.append({"file": str(report), "filename": report.name, "title": report.name})
    files.upload(client, channel, root, given)
