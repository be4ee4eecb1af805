"""N-16: whatever XML comes in a mail, as body, calendar, picture, office document, report or inside winmail.dat: nothing in it is
expanded, and nothing that it names is read or fetched."""

from __future__ import annotations

import ast
import base64
import gzip
import io
import socket
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from tests.conversations.mails import case_of
from tests.letters import bring, letter
from tests.processes import ROOT
from trustdesk.channels.adapters.email.confined import Pool
from trustdesk.channels.models import HookPayload
from trustdesk.channels.provider_views import PROVIDERS
from trustdesk.conversations import ledger, mail_html
from trustdesk.conversations.mail_models import MailPart
from trustdesk.conversations.models import Attachment, Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailroom_open")]
SECRET = "CNRY-from-the-disk-of-the-server"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
SECONDS = 20.0  # a bomb that goes off takes for ever, or all memory; a slow machine takes less


@dataclass
class Canary:
    """What must be left alone: a file on this machine, and a server inside the house."""

    file: Path
    port: int
    visits: list[str] = field(default_factory=list)

    def attack(self, kind: str, root: str = "r") -> str:
        """An XML document that reads the file, calls the server, or grows to 3 GB."""
        entities = {
            "file": f'<!ENTITY x SYSTEM "{self.file.as_uri()}">',
            "http": f'<!ENTITY x SYSTEM "http://127.0.0.1:{self.port}/entity">',
            "parameter": f'<!ENTITY % p SYSTEM "http://127.0.0.1:{self.port}/parameter"> %p;',
            "dtd": "",
            "laughs": f'<!ENTITY l0 "CNRY-laugh">{LAUGHS}<!ENTITY x "&l9;">',
        }[kind]
        outside = f' SYSTEM "http://127.0.0.1:{self.port}/dtd"' if kind == "dtd" else ""
        return f'<?xml version="1.0"?>\n<!DOCTYPE {root}{outside} [{entities}]>\n'

    def document(self, kind: str, root: str = "r", inside: str = "<a>&x;</a>") -> bytes:
        return f"{self.attack(kind, root)}<{root}>{inside}</{root}>".encode()


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    made = Canary(tmp_path / "secret.txt", 0)
    made.file.write_text(SECRET)
    listener = socket.create_server(("127.0.0.1", 0))
    made.port = listener.getsockname()[1]

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            made.visits.append("visit")
            peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield made
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


KINDS = ["file", "http", "parameter", "dtd", "laughs"]


def office(document: bytes, part: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", document)
        made.writestr("_rels/.rels", document)
        made.writestr(part, document)
    return whole.getvalue()


def picture(document: bytes) -> bytes:
    """A PNG whose description is XMP, which is XML."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    described = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + document)
    return b"\x89PNG\r\n\x1a\n" + head + described + chunk(b"IDAT", zlib.compress((b"\0" + b"\0" * 24) * 8)) + chunk(b"IEND", b"")


def winmail(name: bytes, content: bytes) -> bytes:
    """A winmail.dat (MS-OXTNEF) with one file in it."""

    def attribute(level: int, kind: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    return b"".join(
        [
            struct.pack("<IH", 0x223E9F78, 1),
            attribute(1, 0x00089006, struct.pack("<I", 0x00010000)),
            attribute(2, 0x00069002, struct.pack("<HIHHHH", 1, 0xFFFFFFFF, 0, 0, 0, 0)),
            attribute(2, 0x00018010, name + b"\0"),
            attribute(2, 0x0006800F, content),
        ]
    )


def parts(canary: Canary, kind: str) -> dict[str, tuple[str, str, bytes]]:
    """Where XML may sit: name, type and bytes of a file."""
    plain = canary.document(kind)
    svg = canary.document(kind, "svg", f'<text>&x;</text><image href="http://127.0.0.1:{canary.port}/svg"/>').replace(
        b"<svg>", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    )
    report = canary.document(kind, "feedback", "<report_metadata><org_name>&x;</org_name></report_metadata>")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mail.example!northlight.example!1!2.xml", report)
    relation = f'<Relationship Target="http://127.0.0.1:{canary.port}/template" TargetMode="External"/>'
    return {
        "xml": ("data.xml", "application/xml", plain),
        "text/xml": ("data.xml", "text/xml", plain),
        "utf-16": ("data.xml", "application/xml", plain.decode().encode("utf-16")),
        "svg": ("picture.svg", "image/svg+xml", svg),
        "svg called png": ("picture.png", "image/png", svg),
        "docx": ("statement.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                 office(canary.document(kind, "w", f"<a>&x;</a>{relation}"), "word/document.xml")),
        "xlsx": ("trades.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                 office(plain, "xl/workbook.xml")),
        "odt": ("letter.odt", "application/vnd.oasis.opendocument.text", office(plain, "content.xml")),
        "xmp in a png": ("shot.png", "image/png", picture(plain)),
        "dmarc report, gzip": ("mail.example!northlight.example!1!2.xml.gz", "application/gzip", gzip.compress(report)),
        "dmarc report, zip": ("mail.example!northlight.example!1!2.zip", "application/zip", zipped.getvalue()),
        "tls report": ("report.json.gz", "application/tlsrpt+gzip", gzip.compress(b'{"organization-name": "&x;"}' + plain)),
        "winmail.dat": ("winmail.dat", "application/ms-tnef", winmail(b"data.xml", plain)),
        "winmail.dat with svg": ("winmail.dat", "application/ms-tnef", winmail(b"picture.svg", svg)),
        "xhtml": ("page.xhtml", "application/xhtml+xml", canary.document(kind, "html", "<body>&x;</body>")),
        "calendar in xml": ("invite.xcs", "application/calendar+xml", plain),
        "gpx": ("way.gpx", "application/gpx+xml", plain),
        "nested mail": ("forwarded.eml", "message/rfc822",
                        b"From: a@b.example\r\nSubject: x\r\nContent-Type: text/xml\r\n\r\n" + plain),
    }  # fmt: skip


def everything() -> str:
    found = []
    with connection.cursor() as cursor:
        for table in ("conversations_entry", "conversations_mailpart", "conversations_evidence", "conversations_attachment"):
            cursor.execute(f"SELECT string_agg(to_jsonb(t)::text, ' ') FROM {table} t")
            found.append(cursor.fetchone()[0] or "")
    return " ".join(found)


def untouched(canary: Canary, said: str) -> None:
    assert canary.visits == []
    assert SECRET not in said
    assert said.count("CNRY-laugh") < 400, "it was expanded"  # it may be quoted as it was written, a few times


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_of_a_mail_is_expanded_or_makes_us_fetch(kind: str, canary: Canary) -> None:
    files = parts(canary, kind)
    began = time.monotonic()
    rows = bring(*(letter("see the file", files=[one], sender=f"p{n}@mail.example") for n, one in enumerate(files.values())))
    assert [(row.state, row.reason) for row in rows if row.state != "processed"] == []
    assert time.monotonic() - began < SECONDS * 3
    untouched(canary, everything())
    served = Attachment.objects.filter(state=Attachment.State.READY).exclude(media_type__in=("image/png", "text/plain"))
    assert not served.exists(), "active files are held, never served"
    assert Attachment.objects.filter(state=Attachment.State.HELD).count() >= 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: text/xml; charset=utf-8", "Content-Type: application/xml", "Content-Type: application/xhtml+xml",
        "Content-Type: text/html; charset=utf-8", "Content-Type: image/svg+xml", "Content-Type: text/calendar; method=REQUEST",
        "Content-Type: application/soap+xml", "Content-Type: text/plain", "Content-Type: text/enriched",
    ],
)  # fmt: skip
def test_no_body_is_expanded_or_makes_us_fetch(kind: str, head: str, canary: Canary) -> None:
    body = canary.document(kind, "html" if "html" in head else "r", "<body><p>hello &x;</p></body>")
    if "calendar" in head:
        event = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:&x;\r\nDESCRIPTION:%b\r\nEND:VEVENT\r\nEND:VCALENDAR"
        body = event % body.replace(b"\n", b" ")
    raw = letter("", vouched="pass").partition(b"\n\n")[0]
    kept = [line for line in raw.split(b"\n") if not line.lower().startswith((b"content-", b"mime-"))]
    encoded = base64.encodebytes(body)
    mail = b"\n".join(kept) + f"\nMIME-Version: 1.0\n{head}\nContent-Transfer-Encoding: base64\n\n".encode() + encoded
    began = time.monotonic()
    [row] = bring(mail)
    assert row.state == "processed", row.reason
    assert time.monotonic() - began < SECONDS
    case_of(row)
    untouched(canary, everything())
    looked = ledger.opened(row.pk)
    untouched(canary, f"{looked.said}{looked.quoted}")
    for part in MailPart.objects.exclude(html=""):
        untouched(canary, mail_html.shown(part.html, at=lambda kind, value: ""))


@pytest.mark.parametrize("kind", KINDS)
def test_reports_in_xml_are_no_exception(kind: str, canary: Canary) -> None:
    """A delivery report, a complaint and a read receipt whose machine-readable part is XML."""
    for report in ("delivery-status", "feedback-report", "disposition-notification", "tlsrpt"):
        body = canary.document(kind).decode()
        mail = (
            f"From: MAILER-DAEMON@mail.example\r\nTo: support@northlight.example.test\r\nSubject: Report\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: multipart/report; report-type={report}; boundary="b"\r\n\r\n'
            f"--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--b\r\nContent-Type: message/{report}\r\n\r\n{body}\r\n"
            f"--b\r\nContent-Type: text/xml\r\n\r\n{body}\r\n--b--\r\n"
        ).encode()
        [row] = bring(mail, sender="")
        assert row.state in ("held", "processed"), row.reason
        looked = ledger.opened(row.pk)
        untouched(canary, f"{looked.said}{looked.quoted}{everything()}")


def test_the_reader_has_nothing_to_expand_with(canary: Canary) -> None:
    """In the confined process, too: what comes out is what came in, to the byte."""
    pool = Pool(size=1)
    try:
        for name, (file, kind, content) in parts(canary, "laughs").items():
            found = pool.read(letter("x", files=[(file, kind, content)])).letter
            held = [one.content for one in found.files]
            assert not held or len(b"".join(held)) <= len(content) + 4_096, name
    finally:
        pool.close()
    untouched(canary, "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_web_hook_takes_no_xml(kind: str, canary: Canary) -> None:
    for provider in PROVIDERS:
        for media_type in ("application/xml", "text/xml", "application/atom+xml", "application/json"):
            answer = Client().post(
                f"/hooks/mail/{provider}/inbound/", data=canary.document(kind), content_type=media_type
            )
            assert answer.status_code in (400, 401, 404, 411)
    assert not HookPayload.objects.exists()
    assert not Entry.objects.exists()
    untouched(canary, "")


# A writer's escaping, and drawings that editors bring: by the defused parser, without any DTD (tests/knowledge/test_pictures.py).
ALLOWED = {
    ("helpcenter/feeds.py", "xml.sax.saxutils"),
    ("knowledge/pictures.py", "xml.etree.ElementTree"),
    ("knowledge/pictures.py", "defusedxml"),
    ("knowledge/pictures.py", "defusedxml.ElementTree"),
}


def test_nothing_else_of_ours_reads_xml() -> None:
    parsers = ("xml", "lxml", "defusedxml", "expat", "pyexpat", "bs4", "html5lib", "feedparser", "docx", "openpyxl")
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "trustdesk").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            else:
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            place = path.relative_to(ROOT / "trustdesk").as_posix()
            found |= {(place, name) for name in names if name.split(".")[0] in parsers}
    assert found == ALLOWED
