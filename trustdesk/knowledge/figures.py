"""How a figure reads in a text, filled or not.

Writers put a unit behind a figure as they would behind a number: `for {{withdrawal_hold_hours}} hours`. Until somebody fills
the figure, number and unit give way to words that say where the value stands: "for the time shown in the app".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

_KEY: Final = r"\{\{\s*(?P<key>[a-z][a-z0-9_]*)\s*\}\}"
_UNIT: Final = (
    r"(?P<unit>\s?(?:(?:business |working )?(?:seconds?|minutes?|hours?|days?|months?|years?)(?![\w-])|(?:ms|MB|USDT|UTC|x)\b"
    r"|毫秒|秒|分钟|个?小时|个?工作日|个月|天|年|倍|周岁|级))"
)
# What is counted: a noun of one or two words, or the measure word before the Chinese noun.
_COUNTED: Final = r"(?:\s(?P<what>(?:[A-Za-z]+ )?[a-z]+s)\b|\s?(?P<measure>[个笔家位条次]))"
# A space before Chinese belongs to a number alone: "3% 的来源", but "App 内显示的比例的来源".
_FIGURE: Final = re.compile(f"{_KEY}(?:{_UNIT}|{_COUNTED})?(?: (?=[㐀-鿿]))?")
_HAS_UNIT: Final = re.compile(_UNIT)
_ENDS: Final = re.compile(r"\s*(?:$|[，。；：、）（|<])")

# A key says in one of its words what the figure is; the first line that has one of them counts.
_KINDS: Final[tuple[tuple[frozenset[str], Any], ...]] = (
    (frozenset({"ms", "seconds", "minutes", "hours", "days", "months", "years", "time"}), gettext_lazy("the time shown in the app")),
    (
        frozenset({"share", "discount", "cap", "deviation", "band", "drop", "ratio", "trigger", "slippage", "mmr", "threshold", "gap"}),
        gettext_lazy("the percentage shown in the app"),
    ),
    (frozenset({"leverage"}), gettext_lazy("the leverage shown in the app")),
    (frozenset({"multiple", "factor"}), gettext_lazy("the multiple shown in the app")),
    (frozenset({"mb"}), gettext_lazy("the size shown in the app")),
    (frozenset({"age"}), gettext_lazy("the age shown in the app")),
    (frozenset({"token"}), gettext_lazy("the coin shown in the app")),
    (frozenset({"fee"}), gettext_lazy("the fee shown in the app")),
    (
        frozenset({"usdt", "daily", "dust", "value", "amount", "deposit", "withdrawal", "transfer", "tier"}),
        gettext_lazy("the amount shown in the app"),
    ),
    (frozenset({"level"}), gettext_lazy("the level shown in the app")),
    (frozenset({"domain", "sender"}), gettext_lazy("the address on our list of official channels")),
    (frozenset({"developer"}), gettext_lazy("the developer named on our website")),
    (frozenset({"countries", "systems", "languages"}), gettext_lazy("those listed in the app")),
)  # fmt: skip
_COUNTS: Final = frozenset(
    "max min count attempts total length per limit confirmations connections codes files".split()
)


def fill(
    text: str,
    values: Mapping[str, str],
    language: str,
    *,
    shown: Callable[[str, bool], str] = lambda said, filled: said,
) -> str:
    """Put `values` (by key) into a text in `language`; `shown` makes mark-up of what is said and whether it was filled."""
    if "{{" not in text:
        return text

    def figure(found: re.Match[str]) -> str:
        value, unit = values.get(found["key"], ""), found["unit"] or ""
        after = found[0][found.end("key") - found.start() :].partition("}}")[2]
        if not value:
            said, rest = _unfilled(found["key"], found, text[found.end() :])
            return shown(_capital(said, text[max(0, found.start() - 40) : found.start()]), False) + rest
        if unit and _HAS_UNIT.search(value):
            after = ""  # the administrator wrote the unit too
        elif unit and value == "1":
            after = unit.removesuffix("s") if unit.strip() != "ms" else unit
        return shown(value, True) + after

    with override(language):
        return _FIGURE.sub(figure, text)


def _unfilled(key: str, found: re.Match[str], ahead: str) -> tuple[str, str]:
    """Return the words for a figure without a value, and what of the text behind it stays."""
    words = set(re.split(r"_|(?<=[a-z])(?=\d)", key))
    said = next((str(said) for names, said in _KINDS if names & words), "")
    what, measure = found["what"], found["measure"]
    counted = not said and bool(words & _COUNTS)
    if not said and not counted:
        said = _("the value shown in the app")
    if not counted:
        return said, f" {what}" if what and what != "times" else f" {measure}" if measure else ""
    if what == "times" or measure == "次":
        return _("the number of times shown in the app"), ""
    if what or (measure and not _ENDS.match(ahead)):
        return _("the number of %(what)s shown in the app") % {"what": what or ""}, ""
    return _("the number shown in the app"), ""


def _capital(said: str, before: str) -> str:
    """Begin with a capital where a text, a cell or a sentence begins."""
    return said[0].upper() + said[1:] if re.search(r"(?:^|<(?:p|li|td|h\d)>|[.!?] )\s*$", before) else said
