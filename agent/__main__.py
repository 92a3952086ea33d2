"""The command `opsmith`: a conversation, or one of its one-shot commands. Imports little until it knows which."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

USAGE = """\
opsmith                         open a conversation in this folder
opsmith ask "…" [--json]        one turn; text may come from standard input
opsmith run TOOL [--argument value …] [--json]
opsmith pending | approve ID | reject ID [--reason …] | undo [N] | audit | usage
opsmith threads [--rename ID TITLE | --delete ID] | memory [--forget ID] | doctor | export
opsmith eval …                  evaluation suites (opsmith eval --help)
opsmith monitor run | log-outcome … | demo
opsmith slack [--mode socket|http] [--port N] | slack manifest [--mode http]

Everywhere: --project DIR, --model offline|openai:NAME, --thread ID, --user NAME
Conversation: -c continues the last thread, --resume chooses one, --session ID opens one
Exit codes: 0 done, 1 error, 2 usage, 3 waits for approval, 4 needs an answer, 5 a check failed
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime's wheels would report usage otherwise
    given = list(sys.argv[1:] if argv is None else argv)
    if given in (["--version"], ["-V"]):
        from importlib.metadata import version

        print(f"opsmith {version('opsmith')}")
        return 0
    if given and given[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if given and given[0] == "eval":
        import importlib

        return int(importlib.import_module("opsmith.evals.cli").main(given[1:]))  # evals stands above the agent
    from opsmith.agent.arguments import parse
    from opsmith.tools.contract import ToolError

    try:
        command = parse(given)
        if command.name == "chat":
            from opsmith.agent.repl import chat

            return chat(command)
        from opsmith.agent import once

        return once.run(command)
    except ToolError as error:
        print(str(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
