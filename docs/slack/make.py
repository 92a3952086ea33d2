"""Play one conversation with a fake Slack and keep what was sent: blocks.json, preview.html and preview.png beside this file.

python docs/slack/make.py            # needs the slack extra, and chromium for the picture
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from opsmith.agent import settings as settings_file  # noqa: E402
from opsmith.agent.effects.messages import Alert  # noqa: E402
from opsmith.agent.slack import cards  # noqa: E402
from opsmith.agent.slack.command import open_door  # noqa: E402
from tests.agent.slack.fake_slack import SECRET, TOKEN, FakeSlack  # noqa: E402

ALERT = {
    "headline": "2 of 9 columns have moved: monthly_charges and contract.", "verdict": "act", "time": "2026-11-25T06:00:00",
    "breaches": [{"metric": "psi", "value": 0.412, "threshold": 0.2}], "monitor": "churn-daily",
    "advice": "Retrain on the newest three months; the outcomes of these customers have arrived.",
    "report": ".opsmith/reports/drift-churn-daily.html",
}  # fmt: skip


def play() -> list[dict[str, object]]:
    """The messages of a short conversation, as they went over the wire."""
    slack = FakeSlack()
    slack.users = {u: {"profile": {"display_name": n}} for u, n in (("U0ADA", "Ada"), ("U0BOB", "Bob"))}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        rows = "".join(f"{1000 + i},{('Leeds', 'leeds ', 'York')[i % 3]},{20 + i % 40}.5\n" for i in range(120))
        (project / "customers.csv").write_text(
            f"customer,city,monthly_charges\n{rows}1000,Leeds,20.5\n1001,leeds ,21.5\n"
        )
        flags = {
            "slack.mode": "http",
            "slack.port": 0,
            "slack.operators": ["U0ADA", "U0BOB"],
            "slack.approvers": ["U0BOB"],
        }
        environ = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": slack.api}
        door = open_door(settings_file.load(project, flags, environ={}), environ)
        url = f"http://127.0.0.1:{door.port}/slack/events"
        asked = "remove duplicate rows and trim city in customers.csv into customers_clean.csv"
        _, envelope = slack.message(f"<@UBOT> {asked}", "U0ADA")
        slack.send(url, envelope)
        (card,) = slack.wait_for("chat.postMessage", 1, 60)
        slack.send(url, slack.press(card, "edit", "U0BOB"))
        (form,) = slack.wait_for("views.open")
        slack.send(url, slack.press(card, "approve", "U0BOB"))
        done = slack.wait(lambda: [u for u in slack.called("chat.update") if "Done" in str(u["blocks"])], 60)
        slack.wait_for("chat.stopStream", 2)
        door.close()
        first, second = slack.called("chat.stopStream")[:2]
    slack.close()
    return [
        {"from": "Ada", "text": f"@opsmith {asked}"},
        {"from": "opsmith", **_streamed(slack, first["ts"]), "blocks": first["blocks"]},
        {"from": "opsmith", "blocks": card["blocks"]},
        {"from": "opsmith", "note": "the same card once Bob has pressed Approve", "blocks": done[0]["blocks"]},
        {"from": "opsmith", **_streamed(slack, second["ts"]), "blocks": second["blocks"]},
        {"note": "the form behind Edit…", "view": form["view"]},
        {"from": "opsmith", "note": "a monitor's alert", "blocks": cards.alert_blocks(ALERT, _subject())},
    ]


def _subject() -> str:
    return Alert("x", str(ALERT["monitor"]), str(ALERT["time"]), str(ALERT["verdict"]), "").subject()


def _streamed(slack: FakeSlack, ts: str) -> dict[str, object]:
    """The steps and words of one streamed reply."""
    calls = [g for _, m, g in slack.calls if m.endswith("Stream") and ts in (g.get("ts"), g["_ts"])]
    chunks = [c for g in calls for c in g.get("chunks", ())]
    tasks = {c["id"]: c for c in chunks if c["type"] == "task_update"}
    return {"tasks": list(tasks.values()), "text": "".join(c["text"] for c in chunks if c["type"] == "markdown_text")}


def main() -> None:
    """Write the three files."""
    told = json.dumps(play(), indent=1, ensure_ascii=False)
    (HERE / "blocks.json").write_text(told + "\n", encoding="utf-8")
    page = (HERE / "page.html").read_text(encoding="utf-8").replace("__MESSAGES__", told.replace("</", "<\\/"))
    (HERE / "preview.html").write_text(page, encoding="utf-8")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium:
        shot = f"--screenshot={HERE / 'preview.png'}"
        subprocess.run([chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=860,3100", shot,
                        (HERE / "preview.html").as_uri()], check=True, capture_output=True, timeout=120)  # fmt: skip


if __name__ == "__main__":
    main()
