"""What was said, told from history and signature, in many languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk.channels.adapters.email.quoting import split

QUOTED = "> Please send the TXID.\n> The desk"


@pytest.mark.parametrize(
    "header",
    [
        "On Tue, Jan 2, 2024 at 3:04 PM The Desk <help@desk.example> wrote:",
        "On Tue, Jan 2, 2024 at 3:04 PM The Desk with a long name of its own\n<help@desk.example> wrote:",
        "On 2 Jan 2024, at 15:04, The Desk wrote:",
        "On Tuesday, January 2nd, 2024 at 15:04, help@desk.example <help@desk.example> wrote:",
        'At 2024-01-02 15:04:05, "The Desk" <help@desk.example> wrote:',
        "在 2024年1月2日，15:04，客服 <help@desk.example> 写道：",
        '在2024-01-02 15:04:05，"客服" <help@desk.example> 写道：',
        "客服 <help@desk.example> 于2024年1月2日周二 15:04写道：",
        "於 2024年1月2日 週二 下午3:04寫道：",
        "Am Di., 2. Jan. 2024 um 15:04 Uhr schrieb Desk <help@desk.example>:",
        "Desk <help@desk.example> schrieb am Di., 2. Jan. 2024,\n15:04:",
        "Le mar. 2 janv. 2024 à 15:04, Desk <help@desk.example> a écrit :",
        "El mar, 2 ene 2024 a las 15:04, Desk (<help@desk.example>) escribió:",
        "Em ter., 2 de jan. de 2024 às 15:04, Desk <help@desk.example> escreveu:",
        "Il giorno mar 2 gen 2024 alle ore 15:04 Desk <help@desk.example> ha scritto:",
        "Op di 2 jan 2024 om 15:04 schreef Desk <help@desk.example>:",
        "вт, 2 янв. 2024 г. в 15:04, Desk <help@desk.example>:",
        "2 января 2024 г., 15:04 пользователь Desk <help@desk.example> написал:",
        "W dniu 2.01.2024 o 15:04, Desk <help@desk.example> pisze, napisał(a):",
        "2024년 1월 2일 (화) 오후 3:04, Desk <help@desk.example>님이 작성:",
        "2024年1月2日(火) 15:04 Desk <help@desk.example>:",
        "Den tis 2 jan. 2024 kl 15:04 skrev Desk <help@desk.example>:",
        "2 Oca 2024 Sal 15:04 tarihinde Desk <help@desk.example> şunu yazdı:",
        "Vào Th 3, 2 thg 1, 2024 vào lúc 15:04 Desk <help@desk.example> đã viết:",
    ],
)
def test_reply_headers(header: str) -> None:
    for history in (f"{header}\n{QUOTED}", f"{header}\n\n{QUOTED.replace('> ', '')}"):
        found = split(f"It is 0xabc.\n\n{history}\n")
        assert (found.said, found.folded) == ("It is 0xabc.", history)


@pytest.mark.parametrize(
    "history",
    [
        "-----Original Message-----\nFrom: Desk <help@desk.example>\nSent: Tuesday\nTo: me\nSubject: x\n\nold",
        '------------------ 原始邮件 ------------------\n发件人: "客服" <help@desk.example>;\n发送时间: 2024年1月2日\n'
        '收件人: "我" <me@x.example>;\n主题: 回复\n\nold',
        "发件人： 客服 <help@desk.example>\n发送时间： 2024年1月2日 15:04\n收件人： me@x.example\n主题： 回复\n\nold",
        "寄件者: Desk <help@desk.example>\n寄件日期: 2024年1月2日\n收件者: me\n主旨: x\n\nold",
        "差出人: Desk <help@desk.example>\n送信日時: 2024年1月2日\n宛先: me\n件名: x\n\nold",
        "Von: Desk <help@desk.example>\nGesendet: Dienstag, 2. Januar 2024 15:04\nAn: me\nBetreff: x\n\nold",
        "De : Desk <help@desk.example>\nEnvoyé : mardi 2 janvier 2024\nÀ : me\nObjet : x\n\nold",
        "________________________________\nFrom: Desk <help@desk.example>\nSent: Tuesday\nTo: me\nSubject: x\n\nold",
        "*From:* Desk <help@desk.example>\n*Date:* Tuesday\n*To:* me\n*Subject:* x\n\nold",
        "От: Desk <help@desk.example>\nДата: 2 января\nКому: me\nТема: x\n\nold",
        "> just quoted\n> lines",
        "-- \nLin\nTel. 12345",
        "Sent from my iPhone",
        "发自我的iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "iPhoneから送信",
        "Get Outlook for Android<https://aka.ms/x>",
        "##- Please type your reply above this line -##\nold",
    ],
)
def test_histories_and_signatures(history: str) -> None:
    found = split(f"It is 0xabc.\n\n{history}")
    assert (found.said, found.folded) == ("It is 0xabc.", history)


def test_answers_below_and_between() -> None:
    header = "On Tue, Jan 2, 2024 at 3:04 PM Desk <help@desk.example> wrote:"
    assert split(f"{header}\n> which?\n\nThis one.").said == "This one."
    inline = split(f"{header}\n> which?\nThis one.\n> when?\nYesterday.\n> The desk")
    assert inline.said == "> which?\nThis one.\n> when?\nYesterday."
    assert inline.folded == f"{header}\n> The desk"


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nmy withdrawal is missing.\n\nThanks,\nLin",
        "I sent it on 2 January 2024 at 15:04:\nFrom: 0xabc\nTo: 0xdef\nDate: 2024-01-02\nAmount: 5",
        "On 2 May 2024 I wrote to you:\nplease answer",
        "On 2 May 2024 at 10:30 I got this from support@fake.example:\nsend us your seed\nIs it yours?",
        "On 2 May 2024 at 10:30 the code was sent\nto a@b.example but never came",
        "Deposit 1:\n-----------\nTXID 123\n-----------\nplease look",
        "在 2024年1月2日 我充值了 5 USDT:\n到现在没有到账",
        "Steps:\n1. sign in\n2. > Withdraw\n3. error",
        "5 > 3 and so on",
        ">>> important <<<\nplease read",
        "FYI\n\n---------- Forwarded message ---------\nFrom: Scam <s@fake.example>\nDate: Tue\nSubject: x\nTo: me\n\nyour account",
        "请看\n\n---------- 转发的邮件 ----------\n发件人: 骗子 <s@fake.example>\n日期: 周二\n主题: x\n\n你的账户",
    ],
)
def test_what_only_looks_like_history_stays(text: str) -> None:
    assert split(text).said == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---------- Forwarded message ---------\nFrom: A <a@x.example>\nSubject: x\n\nthe body", "the body"),
        ("On Tue, Jan 2, 2024 at 3:04 PM Desk <help@desk.example> wrote:\n\nnothing above", "nothing above"),
        ("", ""),
        ("\n\n", ""),
        ("yes On Wed, Apr 4, 2024 at 3:59 PM, help@desk.example wrote:\n> Hi", "yes"),
    ],
)
def test_with_nothing_above_the_rest_is_what_was_said(text: str, said: str) -> None:
    assert split(text).said.strip() == said


@pytest.mark.parametrize(
    "line",
    [
        "> a",
        "On ",
        "x <",
        "From: a@b.example",
        "--",
        "On Mon 2020 a@b.example wrote",
        "发件人：a@b.example",
        "> a\nb\n> c",
    ],
)
def test_time_is_linear_in_the_text(line: str) -> None:
    split(f"{line}\n" * 10_000)  # with the square of the lines it would take minutes
    split(line * 50_000)


_LINES = st.sampled_from(
    ["", " ", "> q", ">> q", "hello", "-- ", "Sent from my iPhone",
    "On Tue, Jan 2, 2024 at 3:04 PM A <a@b.example> wrote:", "<a@b.example> wrote:",
     "From: A <a@b.example>", "Sent: x", "Subject: x", "-----Original Message-----",
     "---------- Forwarded message ---------", "_____", "ok On Wed, Apr 4, 2024, x@y.example wrote:",
     "Begin forwarded message:", "##- Please type your reply above this line -##", "2024-01-02 15:04 GMT+01:00 A", "写道：", "ᐧ"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(_LINES, st.text(max_size=20)), max_size=25).map("\n".join))
def test_nothing_is_lost(text: str) -> None:
    found = split(text)
    kept = sorted("".join(found.said.split()) + "".join(found.folded.split()))
    assert kept == sorted("".join(text.split()))
