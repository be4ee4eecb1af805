"""A small help center for the tests of other parts: a few articles in both languages, made as editors make them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from wagtail.models import Locale
from wagtail.signal_handlers import disable_reference_index_auto_update

from trustdesk.knowledge import search
from trustdesk.knowledge.models import Article, HelpHome, Section

LANGUAGES = ("en", "zh-hans")


@dataclass(frozen=True)
class Told:
    """What an article is called and says in one language."""

    title: str
    summary: str
    text: str
    words: str = ""


ARTICLES: dict[str, tuple[str, Told, Told]] = {
    "deposit-missing": (
        "deposit_missing",
        Told("My deposit has not arrived", "Where a late deposit can be, and what to do.",
             "Most late deposits wait for confirmations. Find the transaction id and compare the address and the network.",
             "deposit not credited\nwhere is my money"),
        Told("充值未到账", "延迟的充值可能在哪里，该怎么办。", "多数延迟的充值在等待区块确认。请找到交易哈希，核对地址和网络。",
             "没到账\n充币没到"),
    ),
    "minimum-deposit": (
        "deposit_missing",
        Told("Minimum deposit", "What is below it is not credited.", "Each coin has a minimum. Several small deposits add up."),
        Told("最低充值数量", "低于它的充值不会入账。", "每个币种都有最低数量。多次小额充值会累计。", "最低充币"),
    ),
    "withdrawal-pending": (
        "withdrawal_delayed",
        Told("My withdrawal is pending", "The states of a withdrawal, and how long each takes.",
             "A withdrawal is reviewed, broadcast and confirmed. Large ones take longer.", "withdrawal stuck"),
        Told("提现一直处理中", "提现的各个状态，以及各需多久。", "提现会经过审核、广播和确认。大额提现需要更久。", "提币没到"),
    ),
    "two-factor-lost": (
        "two_factor",
        Told("I lost my second factor", "How to reset the authenticator with a new phone.",
             "Reset Google Authenticator: confirm your mail, show your document, wait a day.", "2fa\nlost phone"),
        Told("验证器丢失", "更换手机后如何重置谷歌验证。", "重置谷歌验证：确认邮箱，出示证件，等待一天。", "二次验证"),
    ),
    "trading-fees": (
        "fees",
        Told("Trading fees", "What a trade costs, for makers and for takers.", "The fee depends on your tier. Makers pay less."),
        Told("交易手续费", "挂单和吃单各收多少。", "手续费取决于您的等级。挂单方费率更低。"),
    ),
    "stop-loss": (
        "how_to",
        Told("Set a stop loss", "An order that closes a position when the price falls.", "Choose stop-limit, set trigger and price."),
        Told("设置止损", "价格下跌时平仓的委托。", "选择止盈止损，设置触发价和委托价。"),
    ),
}  # fmt: skip


def fill() -> dict[tuple[str, str], Article]:
    """Publish all articles; returned by (slug, language)."""
    made = {}
    with disable_reference_index_auto_update():  # a third of the time, and no test asks for it
        for slug, (request_type, *told) in ARTICLES.items():
            key = uuid.uuid4()
            for language, one in zip(LANGUAGES, told, strict=True):
                made[slug, language] = publish(one, slug=slug, language=language, request_type=request_type, key=key)
    search.forget()
    return made


def publish(
    told: Told,
    *,
    slug: str,
    language: str = "en",
    request_type: str = "",
    key: uuid.UUID | None = None,
    live: bool = True,
) -> Article:
    """Write an article and publish it, or (`live` False) leave it a draft."""
    article = Article(
        title=told.title,
        slug=slug,
        summary=told.summary,
        search_words=told.words,
        request_type=request_type,
        body=json.dumps([{"type": "text", "value": f"<p>{told.text}</p>"}]),
        locale=Locale.objects.get(language_code=language),
        translation_key=key or uuid.uuid4(),
        live=False,
    )
    _section(language).add_child(instance=article)
    revision = article.save_revision()
    if live:
        revision.publish()
    found: Article = Article.objects.get(pk=article.pk)
    return found


def _section(language: str) -> Section:
    home = HelpHome.objects.get(locale__language_code=language)
    found: Section | None = Section.objects.child_of(home).filter(slug="basics").first()
    if found is None:
        found = Section(title="Basics" if language == "en" else "基础", slug="basics", locale=home.locale)
        home.add_child(instance=found)
    return found
