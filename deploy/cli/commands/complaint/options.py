"""Arguments and options that several commands of `hailong complaint` share."""

from __future__ import annotations

from typing import Annotated

import typer

Case = Annotated[str, typer.Argument(metavar="CASE", help="Id of the case, or how it begins.", show_default=False)]
_BY = typer.Option(
    "--by",
    envvar="HAILONG_COMPLAINT_BY",
    help="You: the pseudonymous id of an official, never a name.",
    show_default=False,
)
By = Annotated[str, _BY]
Reader = Annotated[str | None, _BY]
Unit = Annotated[
    str | None,
    typer.Option(help="Unit you act for. Without it: the unit responsible for the case.", show_default=False),
]
Enterprise = Annotated[
    str, typer.Option("--enterprise", help="Tax code of the enterprise you act for.", show_default=False)
]
Words = Annotated[
    str, typer.Option("--text", help="Your text. Write it so that no person can be recognised.", show_default=False)
]
TheirWords = Annotated[
    str | None, typer.Option("--text", help="What the enterprise says, in its words.", show_default=False)
]
At = Annotated[
    str | None,
    typer.Option(
        help="When it was done, with UTC offset, e.g. 2026-09-08T10:00:00+07:00. Without it: now.", show_default=False
    ),
]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for the result.")]

WAIT_S = 20.0
