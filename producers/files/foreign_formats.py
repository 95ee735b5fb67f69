"""Files that are no events: recognised by their first bytes, each with what to do about it."""

from __future__ import annotations

from producers.files.report import FileUnusable, fault

_TEXT = 'save the sheet as "CSV UTF-8 (comma delimited)", with numbers of declarations and tax codes as text'
_UNPACKED = "unpack it first, or publish what `{} FILE` prints: `{} FILE | hailong publish -`"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0", f"is an Excel workbook of the old form (.xls) or another Office file: {_TEXT}"),
    (b"\x28\xb5\x2f\xfd", f"is compressed with zstd: {_UNPACKED.format('zstd -dc', 'zstd -dc')}"),
    (b"BZh", f"is compressed with bzip2: {_UNPACKED.format('bzip2 -dc', 'bzip2 -dc')}"),
    (b"\xfd7zXZ\x00", f"is compressed with xz: {_UNPACKED.format('xz -dc', 'xz -dc')}"),
    (b'\x04"M\x18', f"is compressed with lz4: {_UNPACKED.format('lz4 -dc', 'lz4 -dc')}"),
    (b"\x1f\x8b", "is compressed with gzip twice: unpack it once"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it, and publish the files in it"),
    (b"Rar!", "is a RAR archive: unpack it, and publish the files in it"),
    (b"PAR1", "is a Parquet file: write it as CSV, JSON Lines or an Avro container file"),
    (b"ORC", "is an ORC file: write it as CSV, JSON Lines or an Avro container file"),
    (b"ARROW1", "is an Arrow file: write it as CSV, JSON Lines or an Avro container file"),
    (b"SQLite format 3\x00", "is an SQLite database: export the events from it as CSV or JSON Lines"),
    (b"%PDF", "is a PDF: export the events as CSV, JSON Lines or an Avro container file"),
    (b"<", "is XML or HTML (a login page instead of the download?): export CSV, JSON Lines or Avro"),
    (
        b"\x00\x00\x00\x00",
        "holds values as they lie in Kafka, with Confluent's frame: write an Avro container file, or JSON Lines",
    ),
)
_ZIP, _TAR, _TAR_AT = b"PK\x03\x04", b"ustar", 257
_UTF16, _MARK = (b"\xff\xfe", b"\xfe\xff"), b"\xef\xbb\xbf"
_MANY_NULS = 0.1
"""Text has no NUL. A few are damage that costs its lines; more mean that this is not UTF-8 text at all."""


def refuse_foreign(start: bytes) -> None:
    """Refuse a file that begins like something else than JSON Lines, CSV or Avro.

    Args:
        start: Its first bytes, unpacked if it was compressed with gzip.

    Raises:
        FileUnusable: It does; says what it is, and what to do.
    """
    rule = _rule(start)
    if rule is not None:
        raise FileUnusable(1, [fault("file", rule)])


def _rule(start: bytes) -> str | None:
    if not start.removeprefix(_MARK).strip():
        return "is empty: if there were no events, leave the file out; else its export failed"
    if start.startswith(_ZIP):
        return _of_zip(start)
    if start[_TAR_AT:].startswith(_TAR):
        return "is a tar archive: unpack it, and publish the files in it"
    text = start.removeprefix(_MARK).lstrip()
    for signature, rule in _SIGNATURES:
        if (text if signature == b"<" else start).startswith(signature):
            return rule
    return _of_encoding(start)


def _of_zip(start: bytes) -> str:
    if b"opendocument" in start:
        return f"is a spreadsheet of LibreOffice or another OpenDocument file: {_TEXT}"
    if any(name in start for name in (b"[Content_Types].xml", b"xl/", b"docProps/")):
        return f"is an Excel workbook (.xlsx): {_TEXT}"
    return f"is a zip archive: {_UNPACKED.format('unzip -p', 'unzip -p')}"


def _of_encoding(start: bytes) -> str | None:
    marked = start.startswith(_UTF16)
    nuls = start.count(0)
    if not marked and nuls <= len(start) * _MANY_NULS:
        return None
    low, high = start[1::2].count(0), start[::2].count(0)  # of ASCII text, little-endian and big-endian
    if marked or max(low, high) > 4 * min(low, high) + 1:
        big = start.startswith(_UTF16[1]) or (not marked and high > low)
        mark = "" if marked else " without its mark"
        name = "UTF-16BE" if big else "UTF-16LE"
        return (
            f'must be UTF-8; this is UTF-16{mark}, which Excel calls "Unicode Text" and PowerShell writes: save it as '
            f"UTF-8, or convert it: `iconv -f {'UTF-16' if marked else name} -t UTF-8 FILE | hailong publish -`"
        )
    return "is neither text nor an Avro container file: export CSV, JSON Lines or an Avro container file"
