"""The slash commands and what each is for."""

COMMANDS: dict[str, str] = {
    "help": "what can be typed",
    "tools": "every tool with a sentence to start it",
    "model": "show or switch the planner: /model openai:NAME, /model offline",
    "memory": "list facts; /memory correct ID TEXT; /memory forget ID",
    "threads": "list conversations; /threads rename ID TITLE; /threads delete ID",
    "resume": "go on with another conversation: /resume ID",
    "pending": "what waits for approval",
    "approve": "approve: /approve ID",
    "reject": "reject: /reject ID reason",
    "undo": "put back the last action: /undo 2",
    "audit": "who did what, when",
    "cost": "tokens, money and seconds so far",
    "show": "unfold a result or card: /show, /show profile-3",
    "explain": "how the last sentence was read",
    "settings": "every setting, its value and where it came from",
    "context": "how much of the conversation a model is sent",
    "export": "write this conversation as Markdown and as a script (asks first)",
    "doctor": "what works here and what does not",
    "tour": "the main loop in two minutes, on a copy",
    "quit": "leave; what waits stays",
}
