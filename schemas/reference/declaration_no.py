"""Declaration numbers (số tờ khai): 12 digits, of which 11 are identity and the last counts amendments."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.reference.errors import DeclarationNumberError
from schemas.reference.vocabulary import Direction

_DIRECTIONS = {"1": Direction.IMPORT, "3": Direction.EXPORT}


@dataclass(frozen=True, slots=True)
class DeclarationNo:
    """A declaration number in its parts.

    Attributes:
        number: All 12 digits.
        key: The first 11: the same for all amendments, and the key of the topics.
        amendment: How often it was amended during clearance, 0 first.
        direction: Read from the leading digit (probable); UNKNOWN for any other than 1 and 3, which is no fault.
    """

    number: str
    key: str
    amendment: int
    direction: Direction


def is_declaration_no(text: str) -> bool:
    """Whether a text is 12 ASCII digits (confirmed: VNACCS fields ICN, ECN, SYN)."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def declaration_identity(number: str) -> str:
    """The 11 digits that stay when a declaration is amended; as the key of a record: `schemas.keys.declaration_key`.

    Raises:
        DeclarationNumberError: The text is not a declaration number.
    """
    if not is_declaration_no(number):
        raise DeclarationNumberError("a declaration number has 12 digits")
    return number[:11]


def parse_declaration_no(number: str) -> DeclarationNo:
    """The parts of a declaration number.

    Source: official letter 5922/TCHQ-VNACCS for the parts (probable).

    Raises:
        DeclarationNumberError: The text is not a declaration number.
    """
    key = declaration_identity(number)
    return DeclarationNo(
        number=number,
        key=key,
        amendment=int(number[11]),
        direction=_DIRECTIONS.get(number[0], Direction.UNKNOWN),
    )
