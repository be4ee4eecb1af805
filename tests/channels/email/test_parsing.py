"""Mail read from bytes: charsets, structure, files, and the mailers that get them wrong."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk.channels.adapters.email import claims
from trustdesk.channels.adapters.email.letter import Mailbox
from trustdesk.channels.adapters.email.parsing import Unreadable, read

HEAD = b"From: Lin <lin@home.example>\r\nTo: help@desk.example\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"


def mixed(*parts: bytes, kind: bytes = b"mixed", boundary: bytes = b"zz", close: bool = True) -> bytes:
    inside = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    end = b"--" + boundary + b"--\r\n" if close else b""
    return b"Content-Type: multipart/" + kind + b"; boundary=" + boundary + b"\r\n\r\n" + inside + end


def text(words: bytes, kind: bytes = b"plain", more: bytes = b"") -> bytes:
    return b"Content-Type: text/" + kind + b"; charset=utf-8\r\n" + more + b"\r\n" + words


PDF = b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg=='


def test_an_ordinary_mail() -> None:
    letter = read(
        b"Return-Path: <lin@home.example>\r\nFrom: =?utf-8?B?5p6X6JaH?= <lin@Home.Example>\r\n"
        b'To: "Desk, The" <help@desk.example>, two@desk.example\r\nCc: three@desk.example\r\n'
        b"Reply-To: other@home.example\r\nSubject: =?gb2312?B?zOHP1g==?=\r\n =?gb2312?B?zrS1vdXL?=\r\n"
        b"Date: Tue, 2 Jan 2024 15:04:05 +0800\r\nMessage-ID: <one@home.example>\r\n"
        b"References: <a@x.example>\r\n <b@x.example>\r\nIn-Reply-To: <b@x.example>\r\n\r\nhi\r\nthere\r\n"
    )
    assert letter.subject == "提现未到账"
    assert letter.sender == Mailbox("林薇", "lin@home.example")
    assert letter.senders == (Mailbox("林薇", "lin@home.example"),)
    assert letter.to == (Mailbox("Desk, The", "help@desk.example"), Mailbox("", "two@desk.example"))
    assert letter.cc == (Mailbox("", "three@desk.example"),)
    assert letter.reply_to == (Mailbox("", "other@home.example"),)
    assert letter.sent_at == datetime(2024, 1, 2, 7, 4, 5, tzinfo=UTC)
    assert letter.message_id == "<one@home.example>"
    assert letter.references == ("<a@x.example>", "<b@x.example>")
    assert (letter.text, letter.html, letter.files) == ("hi\nthere\n", "", ())
    assert letter.headers[0] == ("Return-Path", "<lin@home.example>")


@pytest.mark.parametrize(
    ("claimed", "actual", "words"),
    [
        ("gb2312", "gb18030", "账户申诉：镕"),  # the smaller sister's name on the larger one's characters
        ("big5", "big5hkscs", "帳戶申訴"),
        ("iso-2022-jp", "iso2022_jp", "口座の問題"),
        ("us-ascii", "iso2022_jp", "口座の問題"),
        ("ks_c_5601-1987", "cp949", "계정 문제"),
        ("shift_jis", "cp932", "髙橋①"),
        ("koi8-r", "koi8-r", "проблема"),
        ("windows-1252", "cp1252", "“naïve” – €5"),
        ("iso-8859-1", "cp1252", "“naïve” – €5"),
        ("iso-8859-1", "utf-8", "账户申诉"),  # mislabelled
        ("utf-8", "gb18030", "您好，我的账户被锁定了"),
        ("x-unknown", "utf-8", "账户"),
        ("no-such-charset", "gb18030", "您好，我的账户"),
        ("", "gb18030", "您好，我的账户"),
        ("utf-7", "utf-7", "Ärger"),
        ("utf-16", "utf-16", "Ärger"),
        ("unicode_escape", "utf-8", "\\u0041 stays"),
        ("idna", "utf-8", "账户"),
        ("rot13", "utf-8", "hello"),
    ],
)
def test_text_in_any_charset(claimed: str, actual: str, words: str) -> None:
    body = base64.encodebytes(words.encode(actual))
    letter = read(
        HEAD
        + f"Content-Type: text/plain; charset={claimed}\r\n".encode()
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + body
    )
    assert letter.text == words


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?a=C3=A4_b?=", "aä b"),
        (b"=?utf-8?b?5o+Q?= =?utf-8?b?546w?=", "提现"),
        (b"=?utf-8?b?5o+Q5w==?= =?utf-8?b?jrA=?=", "提现"),  # a character split between two words
        (b"=?UTF-8?B?5o+Q546w?= and =?iso-8859-1?q?M=FCller?=", "提现 and Müller"),
        (b"=?utf-8*en?q?hi?=", "hi"),
        (b"=?utf-8?b?5o+Q546w?", "=?utf-8?b?5o+Q546w?"),
        (b"=?utf-8?b?5o+Q546?=", "提\ufffd"),
        (b"\xcc\xe1\xcf\xd6\xce\xb4\xb5\xbd\xd5\xcb", "提现未到账"),  # raw GB 2312
        (b"Gr\xfc\xdfe", "Grüße"),
        ("提现".encode(), "提现"),
        (b"=?utf-8?q?a=0D=0ABcc:_x@y.example?=", "a Bcc: x@y.example"),
        (b"nul\0here", "nulhere"),
        ("\u202egnp.exe".encode(), "gnp.exe"),
        (b"one\r\n two\r\n\tthree", "one two three"),
    ],
)
def test_subjects(raw: bytes, subject: str) -> None:
    assert read(b"Subject: " + raw + b"\r\n\r\nx").subject == subject


def test_raw_header_bytes_are_read_in_the_charset_of_the_text() -> None:
    words = "проблема с выводом"
    raw = b"Subject: " + words.encode("koi8-r") + b"\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\nx"
    assert read(raw).subject == words


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (HEAD + b"missing blank line, then text", "missing blank line, then text"),
        (b"no header at all\r\nonly text", "no header at all\r\nonly text".replace("\r\n", "\n")),
        (b"\r\n\r\n" + HEAD + b"\r\nblank lines above", "blank lines above"),
        (b"From lin@home.example Tue Jan  2 15:04:05 2024\n" + HEAD.replace(b"\r\n", b"\n") + b"\nmbox", "mbox"),
        (HEAD.replace(b"\r\n", b"\r") + b"\rbare returns", "bare returns"),
        (b"From: a@b.example\r\na broken line\r\nSubject: still\r\n\r\nhere", "here"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\naGVs bG8\r\ng d29y*bGQ", "hello world"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nThis is no base64, it is text; see?", "This is no base64, it is text; see?"),
        (HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\na=\r\nb =C3=A4 =ZZ = c", "ab ä =ZZ = c"),
        (HEAD + b"Content-Transfer-Encoding: 7-bits\r\n\r\nplain", "plain"),
        (HEAD + b"Content-Type: ; charset=utf-8\r\n\r\nno type", "no type"),
        (HEAD + b"Content-Type: text\r\n\r\nold type", "old type"),
        (HEAD + b"\r\na\0b", "ab"),
        (HEAD + mixed(text(b"one"), close=False), "one"),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\nno boundary, no parts", "no boundary, no parts"),
        (HEAD + b"Content-Type: multipart/mixed; boundary=other\r\n\r\n" + mixed(text(b"found"),
        boundary=b"zz").partition(b"\r\n\r\n")[2], "found"),
        (HEAD + b'Content-Type: multipart/mixed\r\n\tboundary="zz"\r\n\r\n' + mixed(text(b"no "
        b"semicolon")).partition(b"\r\n\r\n")[2], "no semicolon"),
        (HEAD + mixed(text(b"a"), text(b"b")), "a\nb"),
        (HEAD + mixed(text(b"plain"), text(b"<p>rich", b"html"), kind=b"alternative"), "plain"),
        (HEAD + mixed(text(b" \r\n"), text(b"<p>rich", b"html"), kind=b"alternative"), "rich"),
        (HEAD + mixed(text(b"This message is in HTML format."), text(b"<p>rich", b"html"), kind=b"alternative"), "rich"),
        (HEAD + mixed(text(b"See html"), text(b"<p>rich", b"html"), kind=b"alternative"), "rich"),
        (HEAD + text(b"<style>x</style><p>only <b>html</b>", b"html"), "only html"),
    ],
)  # fmt: skip
def test_broken_mailers_are_read_as_a_person_would(raw: bytes, expected: str) -> None:
    assert read(raw).text.strip() == expected


@pytest.mark.parametrize("raw", [b"", b"\r\n \0\r\n"])
def test_nothing_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable) as failure:
        read(raw)
    assert failure.value.code == "empty"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'filename="plain.pdf"', "plain.pdf"),
        (b"filename=my statement.pdf", "my statement.pdf"),
        (b"filename*=utf-8''%E5%8F%91%E7%A5%A8.pdf", "发票.pdf"),
        (b"filename*0*=gb2312''%B7%A2; filename*1*=%C6%B1; filename*2=.pdf", "发票.pdf"),
        (b'filename="=?utf-8?B?5Y+R56Wo?=.pdf"', "发票.pdf"),
        (b"filename=\xe5\x8f\x91\xe7\xa5\xa8.pdf", "发票.pdf"),
        (b'filename="C:\\Temp\\a.pdf"', "C:\\Temp\\a.pdf"),
        (b'filename="a\\"b.pdf"', 'a"b.pdf'),
        (b'filename="open.pdf', "open.pdf"),
        (b"filename=\"wins\"; filename*=utf-8''this.pdf", "this.pdf"),
    ],
)
def test_names_of_files(header: bytes, name: str) -> None:
    part = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; " + header + b"\r\n\r\n%PDF"
    [file] = read(HEAD + mixed(text(b"x"), part)).files
    assert (file.name, file.media_type, file.content) == (name, "application/pdf", b"%PDF")


def test_inline_images_keep_their_content_id() -> None:
    page = text(b'<p>look <img src="cid:one@x" alt="chart">', b"html")
    picture = b"Content-Type: image/png\r\nContent-ID: <one@x>\r\n\r\nPNG"
    letter = read(HEAD + mixed(page, picture, kind=b"related"))
    [file] = letter.files
    assert (file.content_id, file.inline, file.content) == ("one@x", True, b"PNG")
    assert letter.text == "look [chart]"
    assert 'src="cid:one@x"' in letter.html


def test_a_nested_message_is_a_file_under_its_subject() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?f=C3=BCr_dich?=\r\n\r\ninner"
    [file] = read(HEAD + mixed(text(b"see below"), inner)).files
    assert (file.name, file.media_type) == ("für dich.eml", "message/rfc822")
    assert file.content.endswith(b"inner")


def test_an_invitation_is_a_file_and_a_line() -> None:
    event = (
        b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Call about\r\n  limits\\, please\r\n"
        b"DTSTART;TZID=Europe/Berlin:20240102T100000\r\nDTEND;TZID=Europe/Berlin:20240102T103000\r\n"
        b"LOCATION:Room 5\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    letter = read(HEAD + mixed(text(b"Please come"), text(event, b"calendar"), kind=b"alternative"))
    assert letter.text == (
        "Please come\n\nCalendar: Call about limits, please · "
        "2024-01-02 10:00 (Europe/Berlin) – 10:30 (Europe/Berlin) · Room 5"
    )
    assert [file.name for file in letter.files] == ["invite.ics"]


def test_signed_mail() -> None:
    signature = b"Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----"
    letter = read(HEAD + mixed(text(b"signed words"), signature, kind=b"signed"))
    assert (letter.text, [(file.name, file.said) for file in letter.files]) == ("signed words", [("signature.asc", True)])
    for kind in (b"application/pkcs7-signature", b"application/x-pkcs7-signature"):
        letter = read(HEAD + mixed(text(b"signed words"), b"Content-Type: " + kind + b"; name=smime.p7s\r\n\r\nx", kind=b"signed"))
        assert [(file.name, file.said) for file in letter.files] == [("smime.p7s", True)]

    clear = (
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n- -- dashes\r\nwords\r\n"
        b"-----BEGIN PGP SIGNATURE-----\r\n\r\nabc\r\n-----END PGP SIGNATURE-----\r\n"
    )
    letter = read(HEAD + b"\r\n" + clear)
    assert letter.text.strip() == "-- dashes\nwords"
    assert letter.files[0].content.decode() == clear.decode().replace("\r\n", "\n")

    opaque = read(
        HEAD
        + b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB"
    )
    assert [file.name for file in opaque.files] == ["smime.p7m"]


def test_winmail_dat_is_opened() -> None:
    def block(level: int, name: int, kind: int, data: bytes) -> bytes:
        head = (
            bytes([level]) + name.to_bytes(2, "little") + kind.to_bytes(2, "little") + len(data).to_bytes(4, "little")
        )
        return head + data + (sum(data) & 0xFFFF).to_bytes(2, "little")

    tnef = (
        b"\x78\x9f\x3e\x22\x01\x00"
        + block(1, 0x9006, 8, (0x10000).to_bytes(4, "little"))
        + block(1, 0x800C, 2, b"words inside\0")
        + block(2, 0x9002, 6, b"\0" * 14)
        + block(2, 0x8010, 1, b"report.pdf\0")
        + block(2, 0x800F, 6, b"%PDF-1.4")
    )
    part = b'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    letter = read(HEAD + mixed(text(b""), part + base64.encodebytes(tnef)))
    assert [(file.name, file.content) for file in letter.files] == [("report.pdf", b"%PDF-1.4")]
    assert letter.text.strip() == "words inside"

    damaged = read(HEAD + mixed(text(b"x"), part + base64.encodebytes(tnef[:20])))
    assert [file.name for file in damaged.files] == ["winmail.dat"]


def test_a_part_that_breaks_off_is_kept_as_a_file_too() -> None:
    whole = HEAD + mixed(text(b"whole"), text(b"torn li"), close=False)
    letter = read(whole)
    assert letter.text == "whole"
    assert [file.content.strip() for file in letter.files] == [b"torn li"]


def test_an_outer_delimiter_ends_an_inner_multipart() -> None:
    inner = mixed(text(b"inner"), kind=b"alternative", boundary=b"yy", close=False)
    letter = read(HEAD + mixed(inner, PDF))
    assert letter.text.strip() == "inner"
    assert [file.name for file in letter.files] == ["a.pdf"]


@pytest.mark.parametrize(
    ("raw", "message_id", "references"),
    [
        (b"Message-ID: bare@x.example\r\n", "<bare@x.example>", ()),
        (b"Message-ID: <>\r\n", "", ()),
        (b"Message-ID: not an id\r\n", "", ()),
        (b"References: <b@x> <a@x> <b@x>\r\nIn-Reply-To: <a@x>\r\n", "", ("<b@x>", "<a@x>")),
        (b"In-Reply-To: Your mail of Monday <c@x>\r\n", "", ("<c@x>",)),
    ],
)
def test_ids(raw: bytes, message_id: str, references: tuple[str, ...]) -> None:
    letter = read(raw + b"\r\nx")
    assert (letter.message_id, letter.references) == (message_id, references)


def test_the_newest_of_many_references_are_kept() -> None:
    many = b"".join(b"<%d@x.example>\r\n " % number for number in range(5_000))
    letter = read(b"References: " + many + b"\r\n\r\nx")
    assert len(letter.references) == 100
    assert letter.references[-1] == "<4999@x.example>"


@pytest.mark.parametrize("date", [b"", b"yesterday", b"Tue, 99 Jan 2024", b"1" * 5_000, b"\xff"])
def test_dates_that_are_none(date: bytes) -> None:
    assert read(b"Date: " + date + b"\r\n\r\nx").sent_at is None


_SCRAPS = st.sampled_from(
    [HEAD, b"\r\n", b"\r\n\r\n", b"--zz\r\n", b"--zz--", b"--", b"Content-Type: multipart/mixed; boundary=zz\r\n", b"From: ", b'"',
     b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n", b"=?utf-8?q?", b"?=", b"\0",
     b"\xff\xfe", b"<a@b.example>",
     b"Content-Type: text/html; charset=utf-7\r\n", b"<p><blockquote>", b"filename*0*=utf-8''%E5", b"Content-Type: text/calendar\r\n",
     b"BEGIN:VEVENT\nDTSTART:2024", b"Content-Type: application/ms-tnef\r\n", b"\x78\x9f\x3e\x22", b"(", b"+2AA-", b"Date: Mon, 0 0 0"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_SCRAPS, st.binary(max_size=30)), max_size=14).map(b"".join))
def test_whatever_comes_is_read_or_unreadable(raw: bytes) -> None:
    try:
        letter = read(raw)
    except Unreadable:
        return
    words = (letter.subject, letter.text, letter.html, *(file.name for file in letter.files))
    assert not any("\0" in one for one in words)
    assert all(one.encode() is not None for one in words)  # nothing that cannot be written down


def test_what_claims_that_a_mail_was_checked_is_not_even_read() -> None:
    """E-10: whoever looks at the fields of a mail finds none that a stranger wrote for our software."""
    forged = (
        b"Authentication-Results: mx.desk.example; dmarc=pass\r\nReceived-SPF: pass\r\nX-Spam-Status: No\r\n"
        b"X-Trustdesk-Customer: 7\r\nx-TRUSTDESK-verified: yes\r\nARC-Seal: i=1; cv=pass\r\nAuthentication-Results : x\r\n"
    )
    letter = read(forged + b"From: a@b.example\r\nAuto-Submitted: no\r\nSubject: x\r\n\r\nhello\r\n")
    assert [name for name, _ in letter.headers] == ["From", "Auto-Submitted", "Subject"]


def test_claims_are_neither_believed_nor_shown() -> None:
    claimed = """Authentication-Results ARC-Seal ARC-Message-Signature ARC-Authentication-Results Received-SPF X-Spam-Status
        X-Spam-Flag X-Trustdesk-Customer X-TRUSTDESK-Verified X-Authenticated-Sender X-Authentication-Warning
        Authentication-Warning X-MS-Exchange-Organization-AuthAs X-MS-Exchange-CrossTenant-AuthAs X-DKIM X-DMARC-Status
        X-Original-Authentication-Results X-Google-DKIM-Signature X-Rspamd-Score BIMI-Indicator X-Verified-By X-Virus-Scanned
        authentication-RESULTS""".split()
    kept = """From To Subject Received Return-Path Message-ID Auto-Submitted List-Id X-Mailer X-Auto-Response-Suppress
        DKIM-Signature X-MS-Exchange-Generated-Message-Source X-Loop Precedence""".split()
    headers = [(name, "x") for name in claimed + kept]
    assert [name for name, _ in claims.stripped(headers)] == kept
    assert claims.is_claim(" Received-SPF ")
