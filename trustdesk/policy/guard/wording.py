"""The words beside a token that say what it is: a private key, an API secret, a set-up key, or something public."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from trustdesk.policy.guard.finding import walled

_SETUP = "(?:[ _-]{0,2}(?:backup|recovery|set-?up|secret)){0,2}[ _-]{0,2}(?:secret|seed|key|code)"
# Matched in lower case, and every branch begins with a plain character: that lets the matcher skip a branch by one
# look, which makes it ten times as fast. "t(?<![a-z].)x" is "tx" not preceded by a letter. The order matters: at one
# place the first that fits is taken, and "public key" must not be read as "key".
_WORDING = {
    # Not secret, or a story about a secret; protects what follows it.
    "public": (
        "pub(?:lic)?[ _-]{0,2}keys?|public|xpub|hash|t(?<![a-z].)x(?:id|hash)?|transaction|address|a(?<![a-z].)ddr",
        "signature|s(?<![a-z].)ig(?![a-z])|s(?<![a-z].)ign(?![a-z])|root|block|order|contract|transfer|deposit|withdraw",
        r"explorer|trace|request|merkle|nonce|checksum|digest|sha-?\d|fingerprint|commit",
        "stolen|lost|leaked|hacked|forg[eo]t|泄露|洩露|丢|丟|被盗|被盜|忘",
        "公钥|公鑰|哈希|雜湊|交易|地址|签名|簽名|区块|區塊|订单|訂單|单号|單號|编号|編號|合约|合約",
        "转账|轉帳|充值|充币|提现|提币",
    ),
    "setup": (
        f"2-?fa(?:'s)?{_SETUP}",
        f"[mo](?:fa|tp)(?:'s)?{_SETUP}",
        f"totp|authenticator(?: app)?(?:'s)?(?:{_SETUP})?",
        f"google[ _-]?auth(?:enticator)?(?:{_SETUP})?",
        "set-?up[ _-]?key|manual[ _-]entry[ _-](?:key|code)",
        "谷歌验证|谷歌驗證|身份验证|身份驗證|验证器|驗證器|二次验证|二次驗證",
        "双重验证|雙重驗證|两步验证|兩步驗證|动态口令|動態口令",
    ),
    # Named, but not as a key: only what stands right behind it is one ("2fa: JBSW…").
    "factor": ("2-?fa", "[mo](?:fa|tp)(?<![a-z]...)(?![a-z])"),
    "private": (
        "priv(?:ate)?[ _-]{0,2}keys?(?:[ _-]?hex)?|pri[ _-]?key|prv[ _-]?key|p(?<![a-z0-9+/].)riv(?![a-z0-9+/])",
        r"s(?<![a-z0-9+/].)\.?k\.?(?![a-z0-9+/])|secret[ _-](?:spend|view)[ _-]key|spend[ _-]key|view[ _-]key",
        "signing[ _-]key|validator[ _-]key|secret[ _-]?exponent",
        "私钥|私鑰|私匙|秘密鍵|プライベートキー|개인 ?키|비밀 ?키",
        "clave[ _]privada|llave[ _]privada|chave[ _]privada|cl[eé][ _]priv[eé]e|chiave[ _]privata",
        "soukrom[yý] kl[ií][cč]|privat(?:e[nr]?)?[ _-]?schl[uü]ssel",
        r"приватн\w{1,3} ключ|закрыт\w{1,3} ключ|секретн\w{1,3} ключ|[oö]zel anahtar",
    ),
    "seed": ("s(?<![a-z].)eed(?:[ _-]?hex)?(?![a-z])|entropy|master[ _-]?(?:secret|seed)",),
    "api": ("secret(?:[ _-]{0,2}(?:access[ _-]?)?keys?)?|密钥|密鑰|秘钥|秘鑰|密匙|令牌",),
    "token": ("token",),
    "key": ("keys?(?![a-z])",),
}
_CUE = re.compile("|".join(f"(?P<{kind}>{'|'.join(branches)})" for kind, branches in _WORDING.items()))
# Without one of these in the text none of the above can make a secret of anything; substrings are the cheapest test.
_NAMES = (
    *("key", "priv", "secret", "seed", "entropy", "token", " sk", "sk:", "sk=", '"sk', "s.k", "钥", "鑰", "匙", "令牌"),
    *(
        "鍵",
        "キー",
        "키",
        "clave",
        "llave",
        "chave",
        "clé",
        "cle ",
        "chiave",
        "klíč",
        "klic",
        "schl",
        "ключ",
        "anahtar",
    ),
)

_REACH = 128  # characters from wording to secret, an address between them included
_REACH_BACK = 24  # from secret to wording behind it
_TOKEN = re.compile("[0-9A-Za-z]{16,}")
_BELONGING = re.compile(r"\s*(?:of|for|to|with|from|del?|da|du|für|von|的)\s*(?:\w+\s+){0,2}")
_QUALIFIER = re.compile("(?<![0-9a-z])([a-z]+)[ _-]?$")
# What may stand before a bare "key" without making it some other key (idempotency key, public key, row key …), and what
# must stand before "token" to make it a secret.
_OWN = frozenset(
    "a my the this that his her our their is as wallet account eth btc trx sol test val let const var hex raw master "
    "owner signer deployer secret main old new".split()
)
_BEARERS = ("access", "auth", "bearer", "refresh", "session", "bot", "id", "api", "jwt", "secret", "login")


@dataclass(frozen=True, slots=True)
class Cue:
    """One piece of wording: its kind (``public``, ``setup``, ``factor``, ``private``, ``seed``, ``api`` or ``key``) and place."""

    kind: str
    start: int
    end: int


def possible(lower: str) -> bool:
    """Say, cheaply, whether a text in lower case can hold wording that makes a secret of a token."""
    return any(name in lower for name in _NAMES)


class Wording:
    """The wording of a text in lower case, in order."""

    def __init__(self, lower: str) -> None:
        self.text = lower
        self._cues = [
            Cue(kind=_resolved(lower, match), start=match.start(), end=match.end()) for match in _CUE.finditer(lower)
        ]
        self._starts = [cue.start for cue in self._cues]

    def before(self, start: int) -> Cue | None:
        """Return the wording that governs what begins at ``start``: the nearest in reach, no wall between."""
        place = bisect_left(self._starts, start) - 1
        cue = self._at(place, start)
        earlier = self._at(place - 1, start)
        if cue is None or earlier is None:
            return cue
        between = self.text[earlier.end : cue.start]
        if cue.kind == "api" and earlier.kind == "setup" and len(between) <= 4:
            return Cue(kind="setup", start=earlier.start, end=cue.end)  # 验证器备份密钥
        # "private key for address 0x12…: …": the address is only what the key belongs to.
        belongs = cue.kind == "public" and earlier.kind in ("private", "seed", "api") and _BELONGING.fullmatch(between)
        return earlier if belongs and _TOKEN.search(self.text, cue.end, start) else cue

    def after(self, end: int) -> Cue | None:
        """Return the first wording close behind ``end``, no wall between."""
        place = bisect_left(self._starts, end)
        if place == len(self._cues):
            return None
        cue = self._cues[place]
        return None if cue.start - end > _REACH_BACK or walled(self.text, end, cue.start) else cue

    def _at(self, place: int, start: int) -> Cue | None:
        if place < 0:
            return None
        cue = self._cues[place]
        # Wording may end inside the token itself ("ed25519-priv-0x…"); such a token is judged elsewhere.
        if cue.end > start or start - cue.end > _REACH or walled(self.text, cue.end, start):
            return None
        return cue


def _resolved(text: str, match: re.Match[str]) -> str:
    """Read a bare "key" or "token" with the word before it: a wallet's key and an access token are secrets, a row's key
    and a contract's token are not."""
    kind = str(match.lastgroup)
    if kind not in ("key", "token"):
        return kind
    before = _QUALIFIER.search(text, max(0, match.start() - 20), match.start())
    if kind == "key":
        stands_alone = before is None and not text[max(0, match.start() - 1) : match.start()].isalnum()
        return "key" if stands_alone or (before and before[1] in _OWN) else "public"
    return "api" if before is not None and before[1].endswith(_BEARERS) else "public"
