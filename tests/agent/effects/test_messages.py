"""Alerts leave once, by the channel that was agreed, and say plainly when they cannot."""

import dataclasses
import email
import json
import socketserver
import threading

import pytest

from opsmith.agent.effects import Place, effect_of
from opsmith.agent.effects.messages import Alert, deliver
from opsmith.tools.contract import ToolError

ALERT = Alert(
    "a1", "watch", "2026-03-01T12:00:00+00:00", "act", "psi is 0.4.\r\nBcc: x@y", "Retrain.", approvals=("ab12",)
)


class _Mail(socketserver.StreamRequestHandler):
    """The least of SMTP: greets, says 250 to everything, keeps the letter."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        for raw in self.rfile:
            word = raw.strip().upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    lines.append(line)
                self.server.letters.append(b"".join(lines).decode())
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


def test_mail_goes_to_whom_the_settings_name(tmp_path):
    with socketserver.TCPServer(("127.0.0.1", 0), _Mail) as server:
        server.letters = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"smtp://127.0.0.1:{server.server_address[1]}"
        told = deliver(ALERT, "email", tmp_path, {"alerts.smtp_url": url, "alerts.email_to": "ops@example.com"})
        server.shutdown()
    assert told == "mailed to ops@example.com"
    head, _, body = server.letters[0].partition("\r\n\r\n")
    assert "Subject: [opsmith] watch: act" in head and "Bcc" not in head
    assert "opsmith approve" not in head and "ab12" in body


def test_a_mail_carries_the_picture_and_the_report(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "r.html").write_text("<!doctype html><p>what moved</p>")
    alert = dataclasses.replace(ALERT, report="r.html", details={"moved": {"a": 0.4, "b": 0.1}})
    with socketserver.TCPServer(("127.0.0.1", 0), _Mail) as server:
        server.letters = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        deliver(alert, "ops@example.com", tmp_path, {"alerts.smtp_url": f"smtp://127.0.0.1:{server.server_address[1]}"})
        server.shutdown()
    letter = email.message_from_string(server.letters[0])
    parts = {p.get_filename(): p.get_payload(decode=True) for p in letter.walk() if p.get_filename()}
    assert parts["watch.png"].startswith(b"\x89PNG") and b"what moved" in parts["r.html"]
    assert "ab12" in letter.get_payload(0).get_payload(decode=True).decode()


@pytest.mark.parametrize(
    ("channel", "settings", "told"),
    [
        ("webhook", {}, "Set alerts.webhook_url"),
        ("webhook", {"alerts.webhook_url": "file:///etc/passwd"}, "http or https"),
        ("webhook", {"alerts.webhook_url": "http://127.0.0.1:9/x"}, "did not take the alert"),
        ("email", {}, "Mail is not set up"),
        ("slack", {}, "Slack is not set up"),
        ("pigeon", {}, "no channel"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence_and_is_kept_on_record(tmp_path, monkeypatch, channel, settings, told):
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    with pytest.raises(ToolError, match=told):
        deliver(ALERT, channel, tmp_path, settings)
    assert json.loads((tmp_path / ".opsmith/alerts.jsonl").read_text())["id"] == "a1"


def test_an_approved_alert_is_sent_once_however_often_it_is_carried_out(tmp_path):
    effect = effect_of("send_alert")
    given = {
        "alert": {"id": "", "monitor": "hand", "time": "now", "verdict": "watch", "headline": "look"},
        "channel": "terminal",
    }
    place = Place(tmp_path, "ap1", "ana")
    assert effect.apply(given, place).message == effect.apply(given, place).message
    assert len((tmp_path / ".opsmith/alerts.jsonl").read_text().splitlines()) == 1
