"""`hailong complaint`: see what is open and what happened, and act on a case."""

from __future__ import annotations

import typer

from deploy.cli.commands.complaint import actions, contact, look, sheet
from deploy.cli.commands.complaint.actions import Command, by_enterprise, by_handler, by_handler_with_text
from schemas.records.cases import CaseAction

app = typer.Typer(
    help="Complaints: see what is open and what happened, and act on a case.\n\n"
    "Which actions are allowed when, and the legal time limits: docs/complaints.md.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def _add(panel: str, name: str, command: Command, words: str | None = None) -> None:
    """Add a command; its help is its docstring where `words` do not say more."""
    app.command(name, help=words, rich_help_panel=panel)(command)


LOOK = "Look"
_add(LOOK, "list", look.list_cases)
_add(LOOK, "remarks", look.list_remarks)
_add(LOOK, "show", sheet.show)
_add(LOOK, "limits", look.limits)

HANDLE = "Handle a case"
_add(HANDLE, "acknowledge", by_handler(CaseAction.ACKNOWLEDGE), "Record that your unit has taken up the case.")
_add(HANDLE, "verify", by_handler(CaseAction.VERIFY), "Start to verify the case.")
_add(
    *(HANDLE, "ask", by_handler(CaseAction.ASK)),
    "Ask the enterprise for more information, once. The time limit for resolving stops until it answers, "
    "or until the time limit for its answer ends.",
)
_add(
    *(HANDLE, "suspend", by_handler(CaseAction.SUSPEND)),
    "Suspend a formal complaint. The time limit for deciding stops until you resume.",
)
_add(HANDLE, "resume", by_handler(CaseAction.RESUME), "Continue after a wait or a suspension.")
_add(
    *(HANDLE, "complex", by_handler(CaseAction.MARK_COMPLEX)),
    "Mark the case as complex: the longer time limit of its track applies.",
)
_add(HANDLE, "resolve", actions.resolve)
_add(HANDLE, "reject", by_handler_with_text(CaseAction.REJECT), "Resolve the case as out of scope, and say why.")
_add(HANDLE, "answer", by_handler_with_text(CaseAction.ANSWER), "Answer the enterprise.")
_add(
    *(HANDLE, "close", by_handler(CaseAction.CLOSE)),
    "Close the case after the answer. Without this it closes by itself 15 working days later.",
)
_add(
    *(HANDLE, "file", by_handler(CaseAction.FILE)),
    "File a signal, a low score that says nothing else, or a remark: it is closed without an answer.",
)
_add(HANDLE, "thank", by_handler_with_text(CaseAction.THANK), "Thank the enterprise for a remark, which closes it.")

MOVE = "Move a case"
_add(MOVE, "escalate", by_handler(CaseAction.ESCALATE), "Hand the case to the unit above.")
_add(MOVE, "transfer", actions.transfer)
_add(MOVE, "track", actions.track)
_add(MOVE, "merge", actions.merge)

ENTERPRISE = "For an enterprise"
_add(ENTERPRISE, "supply", actions.supply)
_add(ENTERPRISE, "appeal", by_enterprise(CaseAction.APPEAL), "Make a second complaint on the formal track, once.")
_add(ENTERPRISE, "withdraw", by_enterprise(CaseAction.WITHDRAW), "Withdraw the complaint.")
_add(ENTERPRISE, "rate", actions.rate)

PROTECT = "Contact and legal hold"
_add(PROTECT, "hold", by_handler(CaseAction.HOLD), "Put the case under legal hold: none of its data may be deleted.")
_add(PROTECT, "release-hold", by_handler(CaseAction.RELEASE_HOLD), "End the legal hold.")
_add(PROTECT, "reveal", contact.reveal)
_add(
    *(PROTECT, "request-erasure", by_handler(CaseAction.REQUEST_ERASURE)),
    "Record that the person wants the contact erased. The legal time limit for erasing starts.",
)
_add(PROTECT, "erase", contact.erase)
