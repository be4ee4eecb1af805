"""Mail addresses, links and the ids of API keys: fields that hold nothing of a chain."""

import re
from typing import Final
from urllib.parse import urlsplit

from trustdesk.policy.evidence.facts import Check

_LABEL: Final = r"[^\W_](?:[^\W_]|-){0,62}"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+[^\W\d_](?:[^\W_]|-){{0,61}}[^\W_]")
# RFC 5321 dot-string, in ASCII: mailboxes with other letters cannot be written to from most servers.
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+)*")
_FREE: Final = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com mac.com "
    "aol.com proton.me protonmail.com pm.me tutanota.com tuta.com gmx.com gmx.de gmx.net web.de mail.com mail.ru "
    "yandex.com yandex.ru inbox.ru bk.ru list.ru zoho.com fastmail.com hushmail.com qq.com foxmail.com vip.qq.com "
    "163.com 126.com yeah.net 188.com sina.com sina.cn sohu.com 139.com 189.cn aliyun.com tom.com 21cn.com naver.com "
    "daum.net hanmail.net libero.it orange.fr free.fr laposte.net t-online.de seznam.cz wp.pl o2.pl uol.com.br "
    "rediffmail.com yahoo.co.jp yahoo.co.uk hotmail.co.uk duck.com mailinator.com".split()
)
_TYPING_ERRORS: Final = {
    wrong: right
    for right, wrongs in {
        "gmail.com": "gmial.com gmal.com gmai.com gamil.com gnail.com gmail.con gmail.co gmail.cm gmail.om gmaill.com",
        "hotmail.com": "hotmial.com hotmal.com hotmai.com hotmail.con hotmail.co",
        "outlook.com": "outlok.com outloo.com outlook.con outlook.co",
        "yahoo.com": "yaho.com yahooo.com yahoo.con yahoo.co",
        "icloud.com": "iclod.com icloud.con icloud.co icoud.com",
        "qq.com": "qq.con qq.co qq.cm qq.om",
        "163.com": "163.con 163.co 163.cm",
    }.items()
    for wrong in wrongs.split()
}
# Domains that only authorities get: national registries, the European Union, international bodies.
_OFFICIAL: Final = re.compile(
    r"(?:.+\.)?(?:gov|mil|int|europa\.eu|bund\.de|polizei\.de|bka\.de|admin\.ch|gv\.at|politi\.dk|politie\.nl|om\.nl"
    r"|polisen\.se|poliisi\.fi|police\.be|poliziadistato\.it|giustizia\.it|gov\.(?:scot|wales)"
    r"|(?:gov|govt|gob|gouv|gub|go|gc|gv|mil|police|jus|mp)\.[a-z]{2})"
)
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}|\d{{1,3}}(?:\.\d{{1,3}}){{3}}")
_SCHEME: Final = re.compile(r"h(?:tt|xx|\*\*)p(s?)://", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.\-]{0,20}:(?!\d)", re.IGNORECASE)
_DEFANGED: Final = re.compile(r"\[\.\]|\(\.\)|\{\.\}|\[dot\]", re.IGNORECASE)
_LONGEST: Final = 2000
_KEY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-./:]{2,}(?:\.\.\.|…)?")
_LONG_RUN: Final = re.compile(r"[A-Za-z0-9+/=]{33,}|(?<![A-Za-z0-9])(?=\d*[A-F])[0-9A-F]{32}(?![A-Za-z0-9])|[+=]")


def mail(value: str) -> Check:
    """Judge a mail address (RFC 5321, without quoted names and address literals); its domain in small letters."""
    plain = value.removeprefix("mailto:").removeprefix("<").removesuffix(">")
    local, at, domain = plain.rpartition("@")
    domain = domain.lower()
    if not at or len(local) > 64 or len(domain) > 253 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return Check(False, value, "not_a_mail")
    if right := _TYPING_ERRORS.get(domain):
        return Check(True, f"{local}@{domain}", "mail_typo", (("suggestion", f"{local}@{right}"),))
    return Check(True, f"{local}@{domain}")


def work_mail(value: str) -> Check:
    """Judge the mail address of somebody who writes for an authority: not of a provider where anyone gets one."""
    result = mail(value)
    if not result.ok:
        return result
    domain = result.value.rpartition("@")[2]
    if domain in _FREE or domain in _TYPING_ERRORS:
        return Check(False, value, "free_mail", (("domain", domain),))
    if not _OFFICIAL.fullmatch(domain):
        return Check(True, result.value, "not_official", (("domain", domain),))
    return result


def url(value: str) -> Check:
    """Judge a link to a page; a link made harmless for sending ("hxxps://a[.]example") is put right again."""
    plain = _DEFANGED.sub(".", value)
    scheme = _SCHEME.match(plain)
    if scheme:
        plain = f"http{scheme[1].lower()}://{plain[scheme.end() :]}"
    elif _OTHER_SCHEME.match(plain):
        return Check(False, value, "not_a_url")
    else:
        plain = f"https://{plain}"
    if len(plain) > _LONGEST or re.search(r"[\s\\<>\"`{}|^]", plain):
        return Check(False, value, "not_a_url")
    try:
        host, _ = urlsplit(plain).hostname or "", urlsplit(plain).port
    except ValueError:  # brackets that are no IPv6 address, a port that is no number
        return Check(False, value, "not_a_url")
    return Check(True, plain) if _HOST.fullmatch(host) else Check(False, value, "not_a_url")


def api_key_id(value: str) -> Check:
    """Judge the public id of an API key. Where exchanges make secrets as long as ids, the safe guess is a secret: staff
    find a key by its first eight characters just as well."""
    if _LONG_RUN.search(value):
        return Check(False, "", "maybe_private_key", (("kind", "api_secret"),))
    return Check(True, value) if _KEY_ID.fullmatch(value) else Check(False, value, "not_a_key_id")
