"""Files that are no events: each is refused with what it is and what to do, and nothing of it is sent."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import cramjam
import pytest

from producers.files.report import FileFormat

FOREIGN = Path(__file__).parent / "foreign"
HEADER = "event_id,declaration_no,status,occurred_at,office\n"
ROW = "e1,103000000010,REGISTERED,2020-05-04T08:30:00+07:00,03CC\n"
STATUS = dict(zip(HEADER.strip().split(","), ROW.strip().split(","), strict=True))
CSV = (HEADER + ROW * 50).encode()


def in_zip(name: str, content: bytes) -> bytes:
    """A zip archive of one file; an OpenDocument file begins with its type, which is not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def in_tar(content: bytes) -> bytes:
    """A tar archive of one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("statuses.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ((FOREIGN / "statuses.xlsx").read_bytes(), 'an Excel workbook (.xlsx): save the sheet as "CSV UTF-8'),
        (in_zip("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), "LibreOffice"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "(.xls)"),
        (in_zip("statuses.csv", CSV), "zip archive: unpack it first, or publish what `unzip -p FILE` prints"),
        (in_tar(CSV), "a tar archive"),
        (gzip.compress(in_tar(CSV), mtime=0), "a tar archive"),
        (gzip.compress(gzip.compress(CSV, mtime=0), mtime=0), "gzip twice"),
        (bytes(cramjam.zstd.compress(CSV)), "`zstd -dc FILE | hailong publish -`"),
        (bz2.compress(CSV), "`bzip2 -dc FILE | hailong publish -`"),
        (lzma.compress(CSV), "`xz -dc FILE | hailong publish -`"),
        (b"PAR1\x15\x04" + bytes(60), "a Parquet file"),
        (b"%PDF-1.7\n" + bytes(30), "a PDF"),
        (b"\n<!DOCTYPE html><html>", "a login page instead of the download?"),
        (b"\x00\x00\x00\x00\x65\x06hq-1", "with Confluent's frame"),
        (CSV.decode().encode("utf-16"), "UTF-16, which Excel calls"),
        (CSV.decode().encode("utf-16-le"), "iconv -f UTF-16LE -t UTF-8"),
        (CSV.decode().encode("utf-16-be"), "iconv -f UTF-16BE -t UTF-8"),
        (CSV.decode().encode("utf-32"), "UTF-8"),
        (bytes(range(256)) * 4 + bytes(300), "neither text nor"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (json.dumps([STATUS, STATUS], indent=2).encode(), "one JSON list; write one object a line: `jq -c '.[]'`"),
        (json.dumps(STATUS, indent=2).encode(), "spreads an object over several lines"),
        (CSV.replace(b",", b"|"), "a vertical bar: use a comma"),
        (CSV.replace(b"\n", b"\r"), "CR alone"),
        (CSV.replace(b"office\n", b'"office\n', 1), "stray double quote in its header"),
        (b"," * 5000 + b"event_id\n", "more than 1,000 columns"),
    ],
)
def test_a_foreign_file_is_named(outbox: Any, content: bytes, words: str) -> None:
    """One message says what the file probably is, and what to do."""
    report = outbox.publish(outbox.file("statuses.csv", content))
    (rejection,) = outbox.rejections
    assert words in rejection.rule
    assert rejection.field == "file"
    assert (report.read, report.sent, report.clean) == (0, 0, False)


@pytest.mark.parametrize(
    ("name", "content", "wanted", "words"),
    [
        ("a.avro", CSV, FileFormat.AUTO, "is no Avro container file"),
        ("a.csv", CSV, FileFormat.AVRO, "is no Avro container file"),
        ("a.csv", (FOREIGN / "apache-snappy.avro").read_bytes(), FileFormat.CSV, "leave out --format"),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)[:-9], FileFormat.AUTO, "damaged or cut"),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)[:20], FileFormat.AUTO, "damaged or cut gzip"),
    ],
)
def test_a_format_that_does_not_fit_is_named(
    outbox: Any, name: str, content: bytes, wanted: FileFormat, words: str
) -> None:
    """A wrong name, a wrong option and damaged gzip are refused with the likely cause."""
    outbox.publish(outbox.file(name, content), file_format=wanted)
    assert words in outbox.rejections[0].rule


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt", "a", "a.json"])
def test_the_content_decides_about_the_format(outbox: Any, name: str) -> None:
    """JSON Lines and CSV are read whatever the file is called, also behind a byte order mark."""
    outbox.publish(outbox.file(name, b"\xef\xbb\xbf" + CSV), outbox.file(f"2{name}", json.dumps(STATUS)))
    assert len(outbox.sent) == 51
    assert not outbox.rejections


def test_joined_csv_files_are_read(outbox: Any) -> None:
    """A header, with or without byte order mark, that comes again is passed over."""
    outbox.publish(outbox.file("a.csv", CSV + b"\xef\xbb\xbf" + CSV + CSV))
    assert len(outbox.sent) == 150
    assert not outbox.rejections
