"""The packets that a client sends, at any revision of the protocol from 2016 to today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.settings.available import settings as old_settings
from clickhouse_driver.settings.types import SettingBool, SettingUInt64

from deploy.local.clickhouse.client_session import Setting
from deploy.local.clickhouse.errors import TOO_LARGE, UNEXPECTED_PACKET, ProtocolError
from deploy.local.clickhouse.wire import Reader

REVISION: Final = 54468  # the newest that clickhouse-driver 0.2.11 knows
_QUERY_LIMIT: Final = 64 << 20
_SETTINGS_LIMIT: Final = 2000
_HANDSHAKE_STRING: Final = 1 << 10
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}
_TCP, _HTTP = 1, 2


@dataclass(frozen=True, slots=True)
class Query:
    """A statement with its settings and parameters (in the escaped form that the engine takes)."""

    query_id: str
    text: str
    settings: dict[str, Setting]
    parameters: dict[str, str]
    compressed: bool


def read_hello(reader: Reader) -> tuple[int, str, str, str]:
    """Read the first packet of a connection: the revision that both sides use, database, user and password.

    Raises:
        ProtocolError: this is not a ClickHouse client.
    """
    if reader.varint() != ClientPacketTypes.HELLO:
        raise ProtocolError(UNEXPECTED_PACKET, "Expected Hello (UNEXPECTED_PACKET_FROM_CLIENT)")
    reader.raw_string(_HANDSHAKE_STRING)  # the client's name
    reader.varint()  # its version
    reader.varint()
    revision = min(reader.varint(), REVISION)
    database, user, password = (reader.string(_HANDSHAKE_STRING) for _ in range(3))
    return revision, database, user, password


def _skip_strings(reader: Reader, count: int) -> None:
    for _ in range(count):
        reader.raw_string()


def _skip_numbers(reader: Reader, count: int) -> None:
    for _ in range(count):
        reader.varint()


def _skip_origin(reader: Reader, revision: int) -> int:
    """Skip the client's machine and program; returns the interface that the user came through."""
    interface = reader.varint()
    if interface == _TCP:
        _skip_strings(reader, 3)  # system user, host, client name
        _skip_numbers(reader, 3)  # version and revision
    elif interface == _HTTP:
        _skip_numbers(reader, 1)  # method
        _skip_strings(reader, 1 + (revision >= 54443) + (revision >= 54447))  # agent, forwarded-for, referer
    return interface


def _skip_client_info(reader: Reader, revision: int) -> None:
    """Skip the client info: nothing here depends on it."""
    if not reader.varint():
        return
    _skip_strings(reader, 3)  # first user, query id and address
    if revision >= 54449:
        reader.skip(8)  # start time
    interface = _skip_origin(reader, revision)
    if revision >= 54060:
        _skip_strings(reader, 1)  # quota key
    if revision >= 54448:
        _skip_numbers(reader, 1)  # distributed depth
    if revision >= 54401 and interface == _TCP:
        _skip_numbers(reader, 1)  # patch version
    if revision >= 54442 and reader.read(1) != b"\0":  # trace: id, span, state, flags
        reader.skip(24)
        _skip_strings(reader, 1)
        reader.skip(1)
    if revision >= 54453:
        _skip_numbers(reader, 3)  # parallel replicas


def _read_settings(reader: Reader, *, as_strings: bool) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    while name := reader.string():
        if len(settings) >= _SETTINGS_LIMIT:
            raise ProtocolError(TOO_LARGE, "Too many settings (TOO_LARGE_ARRAY_SIZE)")
        if as_strings:
            flags = reader.varint()
            settings[name] = Setting(reader.string(_QUERY_LIMIT), important=bool(flags & 1))
            continue
        # Clients before 2019 send numbers in binary, without their type.
        kind = old_settings.get(name)
        numeric = isinstance(kind, type) and issubclass(kind, SettingUInt64 | SettingBool)
        settings[name] = Setting(str(reader.varint()) if numeric else reader.string())
    return settings


def _unquoted(text: str) -> str:
    """The content of a quoted parameter; the engine itself removes the second layer of escapes."""
    return re.sub(r"\\(.)", lambda sign: _ESCAPES.get(sign[1], sign[1]), text[1:-1], flags=re.DOTALL)


def read_query(reader: Reader, revision: int) -> Query:
    """Read the body of a Query packet.

    Raises:
        ProtocolError: the statement has more than 64 MiB, or the packet is malformed.
    """
    query_id = reader.string()
    _skip_client_info(reader, revision)
    settings = _read_settings(reader, as_strings=revision >= 54429)
    if revision >= 54441:
        reader.raw_string()  # secret between servers
    reader.varint()  # stage: always to the end
    compressed = bool(reader.varint())
    text = reader.string(_QUERY_LIMIT)
    parameters: dict[str, str] = {}
    if revision >= 54459:
        sent = _read_settings(reader, as_strings=True)
        parameters = {name: _unquoted(setting.value) for name, setting in sent.items()}
    return Query(query_id, text, settings, parameters, compressed)
