"""What is ours and what is not: as pasted, as disguised, and what resembles it. All names are made up."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.policy import official
from trustdesk.policy.official import Answer, Channel, Kind, Verdict
from trustdesk.policy.official.lookalike import host_resembles, owner
from trustdesk.policy.official.skeleton import skeleton

OURS = (
    Channel(Kind.SITE, "help.northlight.com"),
    Channel(Kind.SITE, "northlight.com"),
    Channel(Kind.MAIL, "support@northlight.com"),
    Channel(Kind.ACCOUNT, "northlight", "x"),
    Channel(Kind.ACCOUNT, "northlight_news", "telegram"),
    Channel(Kind.PHONE, "+442079460000"),
)


def judged(text: str) -> Verdict:
    found = official.read(text)
    assert len(found) == 1, found
    return official.judge(found[0], OURS, names=["North Light"])


@pytest.mark.parametrize(
    "text",
    [
        "https://northlight.com/en/help?x=1#top",
        "请登录northlight.com认证",
        "打开https://northlight.com/zh/help，然后",
        "请打开https://northlight.com完成认证",
        "邮箱support@northlight.com吗？",
        "客服电话+442079460000是真的吗",
        "联系@northlight可以吗",
        "加推特:northlight",
        "https://t.me/s/northlight_news",
        "HTTPS://WWW.NorthLight.COM./",
        "northlight.com",
        "app.northlight.com:8443/login",
        "hxxps://northlight[.]com",
        "northlight。com",
        "ｎｏｒｔｈｌｉｇｈｔ.com",
        "\u202ahttps://northlight.com/",  # as some programs copy it
        "Is this yours: northlight.com/help?",
        "support@northlight.com",
        "<Support@NorthLight.com>",
        "mailto:support@northlight.com?subject=Hello",
        "support+rabcdefghijklmnopqrstuvwxyz@northlight.com",
        "support [at] northlight [dot] com",
        "https://x.com/northlight/status/1234567890",
        "https://mobile.twitter.com/NorthLight?s=20",
        "x: @northlight",
        "推特：northlight",
        "https://t.me/northlight_news/42",
        "northlight_news.t.me",
        "tg://resolve?domain=northlight_news",
        "@northlight",
        "northlight_news",
        "+44 20 7946 0000",
        "0044 (0)20 7946 0000".replace("(0)", ""),
        "020 7946 0000",
        "tel:+442079460000",
        "wa.me/442079460000",
    ],
)
def test_what_is_ours_is_recognised_in_any_spelling(text: str) -> None:
    assert judged(text).answer == Answer.OURS


@pytest.mark.parametrize(
    ("text", "how", "like", "whose"),
    [
        ("https://northlight.com.verify-id.ru/x", "within", "northlight.com", "verify-id.ru"),
        ("northlight-com.co.uk", "within", "northlight.com", "northlight-com.co.uk"),
        ("https://northlight.com@evil.ru/", "within", "", "evil.ru"),
        ("support@northlight.com@evil.ru", "within", "", "evil.ru"),
        ('"support@northlight.com"@evil.ru', "within", "", "evil.ru"),
        ("https://northlight.com:pw@evil.ru/", "within", "", "evil.ru"),
        ("northlight.io", "ending", "northlight.com", "northlight.io"),
        ("n0rthlight.com", "letters", "northlight.com", "n0rthlight.com"),
        ("northIight.com", "letters", "northlight.com", "northiight.com"),
        ("nοrthlight.com", "letters", "northlight.com", "xn--nrthlight-q1g.com"),  # a Greek omicron
        ("xn--nrthlight-q1g.com", "letters", "northlight.com", "xn--nrthlight-q1g.com"),
        ("north\u200blight.com", "letters", "northlight.com", ""),
        ("northlihgt.com", "typo", "northlight.com", "northlihgt.com"),
        ("northligth-exchange.top", "typo", "northlight.com", "northligth-exchange.top"),
        ("northlight-vip.com", "words", "northlight.com", "northlight-vip.com"),
        ("kefu.northlight8.cc", "words", "northlight.com", "northlight8.cc"),
        ("support@north1ight.com", "letters", "support@northlight.com", "north1ight.com"),
        ("northlight.support@gmail.com", "words", "support@northlight.com", "gmail.com"),
        ("@northlight_help", "words", "northlight", ""),
        ("https://t.me/northlight_newz", "words", "northlight_news", ""),
        ("https://t.me/nоrthlight_news", "letters", "northlight_news", ""),  # a Cyrillic o
        ("微信：northlight01", "words", "", ""),
    ],
)
def test_what_is_made_to_be_taken_for_ours_is_named(text: str, how: str, like: str, whose: str) -> None:
    found = judged(text)
    assert (found.answer, found.how, found.like, found.owner) == (Answer.LOOKALIKE, how, like, whose)


@pytest.mark.parametrize(
    "text",
    [
        "https://x.com/northlight/../evil",
        "https://x.com/northlight/%2e%2e/evil",
        "https://www.linkedin.com/in/northlight",
        "https://www.youtube.com/c/northlight",
        "https://www.youtube.com/northlight",
        "https://www.facebook.com/groups/northlight",
        "https://www.reddit.com/u/northlight",
    ],
)
def test_another_account_of_the_same_name_is_not_ours(text: str) -> None:
    ours = [Channel(Kind.ACCOUNT, "northlight", platform) for platform in official.PLATFORMS]
    assert official.judge(official.read(text)[0], ours).answer != Answer.OURS


def test_a_letter_that_looks_like_two_of_ours_is_not_ours() -> None:
    """croßex.com and crossex.com are two domains (RFC 5891), though the one is the other in capitals."""
    ours = [Channel(Kind.SITE, "crossex.com")]
    for text in ("croßex.com", "https://xn--croex-nqa.com", "CROẞEX.com"):
        assert official.judge(official.read(text)[0], ours).answer == Answer.LOOKALIKE


def test_a_domain_of_ours_may_have_letters_of_its_own() -> None:
    ours = [Channel(Kind.SITE, "xn--fiq228c.com")]
    for text in ("https://中文.com/", "xn--fiq228c.com"):
        assert official.judge(official.read(text)[0], ours).answer == Answer.OURS


def test_our_name_on_another_platform_is_not_ours() -> None:
    found = judged("https://t.me/northlight")
    assert (found.answer, found.notes, found.platforms) == (Answer.LOOKALIKE, ("elsewhere",), ("x",))
    unsaid = judged("@northlight")
    assert (unsaid.answer, unsaid.notes, unsaid.platforms) == (Answer.OURS, ("on",), ("x",))


@pytest.mark.parametrize(
    ("text", "kind", "codes"),
    [
        ("https://evil.ru\\@northlight.com/", Kind.SITE, set()),  # a browser goes to evil.ru
        ("https://evil.ru/?next=https://northlight.com", Kind.SITE, set()),
        ("https://evil.ru%2f.northlight.com/", Kind.SITE, {"broken"}),
        ("https://northlight.com%40evil.ru/", Kind.SITE, {"broken"}),
        ("https://evil.ru／.northlight.com", Kind.SITE, set()),
        ("https://evil.ru/#@northlight.com", Kind.SITE, set()),
        ("http://2130706433/", Kind.SITE, {"number"}),
        ("http://[::1]:8000/", Kind.SITE, {"number"}),
        ("javascript:alert(document.domain)//northlight.com", Kind.SITE, {"script"}),
        ("https://docs.google.com/forms/d/e/northlight", Kind.SITE, {"shared"}),
        ("bit.ly/northlight", Kind.SITE, {"shortened"}),
        ("hr@northlight.com", Kind.MAIL, {"our_domain"}),
        ("x@mail.northlight.com", Kind.MAIL, {"our_domain"}),
        ("somebody@example.org", Kind.MAIL, set()),
        ("https://t.me/+AbCdEfGh", Kind.ACCOUNT, {"invite"}),
        ("https://www.youtube.com/watch?v=northlight", Kind.ACCOUNT, {"post"}),
        ("+44 20 7946 0001", Kind.PHONE, set()),
        ("+33 20 7946 0000", Kind.PHONE, set()),  # the same but for the country
        ("95566", Kind.PHONE, set()),
        ("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", Kind.WALLET, set()),
        ("0x52908400098527886E0F7030069857D2E4169EE7", Kind.WALLET, set()),
        ("https://finance.example.org", Kind.SITE, set()),
    ],
)
def test_everything_else_is_not_ours(text: str, kind: Kind, codes: set[str]) -> None:
    found = judged(text)
    assert (found.answer, found.asked.kind) == (Answer.NOT_OURS, kind)
    assert codes <= {*found.notes, *found.asked.tricks}


def test_a_whole_message_is_read_thing_by_thing() -> None:
    text = "您好，请登录 https://northlight-vip.com 认证，客服 @northlight_help，电话 400-820-1234，邮箱 support@northlight.com。"
    found = [official.judge(one, OURS) for one in official.read(text)]
    assert [one.asked.kind for one in found] == [Kind.SITE, Kind.ACCOUNT, Kind.PHONE, Kind.MAIL]
    assert [one.answer for one in found] == [Answer.LOOKALIKE, Answer.LOOKALIKE, Answer.NOT_OURS, Answer.OURS]
    assert official.read("what is this about, please") == []
    assert len(official.read(" ".join(f"site{n}.example" for n in range(50)))) == official.MOST


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("finance.com", "binance.com"),
        ("broken.com", "kraken.com"),
        ("north.example", "northlight.com"),
        ("lightning.com", "northlight.com"),
    ],
)
def test_another_word_is_no_lookalike_for_being_near(host: str, domain: str) -> None:
    assert host_resembles(host, [domain]) is None


@pytest.mark.parametrize(
    ("host", "whose"),
    [
        ("a.b.example.com", "example.com"),
        ("a.example.co.uk", "example.co.uk"),
        ("example.com.cn", "example.com.cn"),
        ("localhost", "localhost"),
    ],
)
def test_the_owner_of_a_host_is_its_end(host: str, whose: str) -> None:
    assert owner(host) == whose


def test_with_nothing_listed_nothing_is_ours() -> None:
    for text in ("northlight.com", "a@northlight.com", "@northlight", "+442079460000"):
        assert official.judge(official.read(text)[0], []).answer == Answer.NOT_OURS
    assert official.judge(official.read("northlight.com")[0], [], names=["Northlight"]).answer == Answer.LOOKALIKE


@given(st.text(max_size=300))
def test_nothing_that_is_pasted_breaks_it_and_only_the_list_is_ours(text: str) -> None:
    for one in official.read(text):
        verdict = official.judge(one, OURS, names=["Northlight"])
        if verdict.answer == Answer.OURS:
            assert any(
                one.value.endswith(channel.value.rpartition("@")[2]) or channel.value.endswith(one.value.lstrip("+0"))
                for channel in OURS
            )


@given(st.text(alphabet=string.ascii_lowercase + string.digits + ".-@/:", min_size=1, max_size=60))
def test_a_foreign_ending_is_never_ours(middle: str) -> None:
    """Whatever stands before it: what counts is the end of the host."""
    for one in official.read(f"https://{middle}.evil-site.ru/northlight.com"):
        assert official.judge(one, OURS).answer != Answer.OURS or "evil-site.ru" not in one.value


def test_a_long_text_is_read_up_to_a_limit() -> None:
    far = "x " * official.LONGEST + "northlight.com"
    assert official.read(far) == []


def test_skeletons_meet_where_the_eye_does() -> None:
    for one, other in [
        ("paypal", "раураl"),
        ("kraken", "krakеn"),
        ("modern", "rnodem"),
        ("vvallet", "wallet"),
        ("il1", "lIi"),
        ("ﬁne", "fine"),
    ]:
        assert skeleton(one) == skeleton(other), (one, other)


def _variants(name: str) -> set[str]:
    """Return what swindlers register beside a name: a letter more, less, changed about, doubled, another, a hyphen, a look-alike."""
    letters = string.ascii_lowercase + string.digits
    cuts = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    made = {head + letter + tail for head, tail in cuts for letter in letters}
    made |= {head + tail[1:] for head, tail in cuts if tail}
    made |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    made |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in letters}
    made |= {f"{head}-{tail}" for head, tail in cuts if head and tail}
    for one, other in (
        ("o", "0"),
        ("i", "1"),
        ("i", "l"),
        ("l", "1"),
        ("o", "о"),
        ("i", "і"),
        ("r", "г"),
        ("h", "һ"),
        ("t", "τ"),
    ):
        made.add(name.replace(one, other))
    return made - {name}


def test_no_variant_of_our_names_is_ours_and_nearly_all_are_named() -> None:
    """B-11, with every variant one slip away, of our domain and of an account."""
    variants = sorted(_variants("northlight"))
    hosts = [official.judge(official.read(f"https://{one}.com/")[0], OURS) for one in variants]
    handles = [official.judge(official.read(f"https://x.com/{one}")[0], OURS) for one in variants]
    assert len(variants) > 700
    for verdicts in (hosts, handles):
        assert not [one.asked.value for one in verdicts if one.answer == Answer.OURS]
        named = sum(one.answer == Answer.LOOKALIKE for one in verdicts)
        assert named / len(verdicts) > 0.95, named
    for ending in ("net", "io", "co", "top", "com.cn", "exchange", "vip"):
        assert judged(f"northlight.{ending}").answer == Answer.LOOKALIKE
