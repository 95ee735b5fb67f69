"""Values of a statement's parameters `{name:Type}`, in the form in which a server takes them."""

from __future__ import annotations

import re

MISSING = r"\N"
"""How a person writes NULL."""
_ESCAPES = str.maketrans(
    {"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r", "\0": r"\0", "\b": r"\b", "\f": r"\f"}
)  # of the format TabSeparated
_COMPOSITE = re.compile(r"Array|Map|Tuple|Nested|Point|Ring|Polygon|MultiPolygon")


class QueryParameter:
    """A value as the driver sends it: the driver puts everything that is no text between quotes as it stands.

    The driver's own quoting of texts is not used: it escapes the quotes in `['a', 'b']`, and the server then finds no
    array.

    Args:
        value: As a person writes it. Nothing in it is an escape, but for the texts in an array, a map or a tuple, which
            are written as in SQL.
        name: Of the parameter.
        statement: Declares the type of the parameter; without it, the type is a scalar.
    """

    def __init__(self, value: str, name: str = "", statement: str = "") -> None:
        declared = re.search(rf"\{{\s*{re.escape(name)}\s*:\s*(\w+)", statement)
        composite = declared is not None and _COMPOSITE.fullmatch(declared[1])
        self._field = value if composite or value == MISSING else value.translate(_ESCAPES)

    def __str__(self) -> str:
        """The inside of a quoted text of SQL."""
        return self._field.replace("\\", "\\\\").replace("'", "\\'")
