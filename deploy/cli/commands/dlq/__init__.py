"""`hailong dlq`: the records that were refused, and what to do about them."""

from __future__ import annotations

import typer

from deploy.cli.commands.dlq import decide, look

app = typer.Typer(
    help="Dead letters: records that were refused. List them, show one, publish them again, or discard them.\n\n"
    "What each reason means and what to do about it: docs/dead-letters.md.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.command("list")(look.list_letters)
app.command("show")(look.show)
app.command("replay")(decide.replay)
app.command("discard")(decide.discard)
