from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.clickhouse_rights import Accounts, server_with_rights


@pytest.fixture(scope="session")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with the users of deploy/clickhouse/users.xml."""
    with server_with_rights(tmp_path_factory.mktemp("clickhouse-rights")) as found:
        yield found
