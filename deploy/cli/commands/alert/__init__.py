"""`hailong alert`: see what was raised, and record what was done about it and whether it was real."""

from __future__ import annotations

import typer

from deploy.cli.commands.alert import actions, look

app = typer.Typer(
    help="Alerts: see what was raised, and record what was done about it and whether it was real.\n\n"
    "What each verdict means: docs/alerts.md.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
LOOK, JUDGE = "Look", "Act on an alert"
app.command("list", rich_help_panel=LOOK)(look.list_alerts)
app.command("show", rich_help_panel=LOOK)(look.show)
app.command("acknowledge", rich_help_panel=JUDGE)(actions.acknowledge)
app.command("assign", rich_help_panel=JUDGE)(actions.assign)
app.command("verdict", rich_help_panel=JUDGE)(actions.verdict)
