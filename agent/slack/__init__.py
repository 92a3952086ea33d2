"""The Slack door: the same session as the terminal, in threads, with approvals by people who are named for it."""
