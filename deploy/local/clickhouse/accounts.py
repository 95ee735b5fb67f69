"""Who may sign in: one user who may do everything here, and perhaps one who may only read."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from deploy.local.clickhouse.errors import AUTHENTICATION_FAILED, ServerError


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the server. An empty password means that none is asked for."""

    name: str
    password: str = field(repr=False)
    reads_only: bool = False


def authenticated(accounts: Sequence[Account], user: str, password: str) -> Account:
    """The account of a user with the right password.

    Raises:
        ServerError: 516; the text does not tell which of the two is wrong.
    """
    found: Account | None = None
    for account in accounts:  # all of them, each in the same time
        same_user = hmac.compare_digest(user.encode(), account.name.encode())
        same_password = hmac.compare_digest(password.encode(), account.password.encode())
        if same_user and same_password:
            found = account
    if found is None:
        raise ServerError(
            AUTHENTICATION_FAILED,
            f"{user[:100]}: Authentication failed: password is incorrect, or there is no user with such "
            "name. (AUTHENTICATION_FAILED)",
        )
    return found
