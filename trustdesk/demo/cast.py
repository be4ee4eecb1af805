"""Who plays in the demo world: the staff and their hours, and what the customers' own wallets would show."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

# Shown to whoever starts the demo; demo agents can sign in from this machine only, and not at all in production.
PASSWORD = "harbour-lantern-42"  # noqa: S105
MAIL_HOST = "northlight.example.test"
AROUND_THE_CLOCK = (0, 24 * 60)
WEEK = range(7)


@dataclass(frozen=True, slots=True)
class Colleague:
    """One demo agent. `hours`: minute of the day a shift starts and its length, on each of `days` (0 is Monday)."""

    key: str
    name: str
    public_name: str
    role: str
    teams: tuple[str, ...]
    languages: tuple[str, ...]
    timezone: str
    hours: tuple[int, int] = AROUND_THE_CLOCK
    days: tuple[int, ...] = tuple(WEEK)
    capacity: int = 6
    writing: str = ""  # of the help center: editor or publisher

    @property
    def mail(self) -> str:
        """The address this agent signs in with."""
        return f"{self.key}@{MAIL_HOST}"


BOTH, ENGLISH = ("zh-hans", "en"), ("en",)
STAFF = (
    Colleague("mei", "陈美琳 Mei Tan", "Mei", "lead", ("funds",), BOTH, "Asia/Singapore"),
    Colleague("jun", "吴俊 Wu Jun", "小俊", "agent", ("funds",), BOTH, "Asia/Shanghai"),
    Colleague("oliver", "Oliver Grant", "Oliver", "agent", ("funds", "accounts"), ENGLISH, "Europe/London"),
    Colleague("ning", "赵宁 Zhao Ning", "小宁", "lead", ("accounts", "compliance"), BOTH, "Asia/Singapore"),
    Colleague("sofia", "Sofia Lindqvist", "Sofia", "agent", ("accounts",), ENGLISH, "Europe/Stockholm"),
    Colleague("kai", "林恺 Kai Lim", "Kai", "lead", ("trading", "technical"), BOTH, "Asia/Singapore", writing="publisher"),
    Colleague(
        "hannah",
        "Hannah Vogt",
        "Hannah",
        "agent",
        ("trading", "technical", "partners"),
        ENGLISH,
        "Europe/Berlin",
        (7 * 60, 12 * 60),
        (0, 1, 2, 3, 4),
        writing="editor",
    ),
    Colleague(
        "ada",
        "Ada Okafor",
        "Ada",
        "admin",
        ("accounts", "funds", "trading", "technical", "partners", "compliance"),
        ENGLISH,
        "Europe/London",
        (8 * 60, 10 * 60),
    ),
)


# Kind, name and what it is for, as listed at /official/; without links, for on the real platforms they are nobody's, or somebody's.
ACCOUNTS = (
    ("x", "northlight_demo", "News and quick questions", "新闻与简单问题"),
    ("telegram", "northlight_demo_news", "Announcements; nobody answers there", "公告频道，不回复私信"),
    ("youtube", "northlight_demo", "Tutorials", "教学视频"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A transfer as the customer's own wallet shows it: sent to the exchange, where it has not been credited."""

    coin: str
    network: str
    amount: Decimal
    txid: str
    at: datetime


def sent_from_wallet(uid: str, *, now: datetime) -> Sent | None:
    """Return the transfer this demo customer is missing, hours before `now`; None for one who misses nothing."""
    found = _WALLETS.get(uid)
    if found is None:
        return None
    coin, network, amount, hours = found
    digest = hashlib.sha256(f"demo wallet {uid}".encode()).hexdigest()
    return Sent(
        coin, network, Decimal(amount), f"0x{digest}" if network == "Ethereum" else digest, now - timedelta(hours=hours)
    )


_WALLETS = {
    "100001": ("USDT", "TRON", "320.00", 3.4),
    "100002": ("ETH", "Ethereum", "0.7500", 2.1),
    "100003": ("XRP", "XRP Ledger", "860", 26.0),
}
