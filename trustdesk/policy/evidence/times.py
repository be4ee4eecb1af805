"""Points in time: 2026-03-02 14:05 UTC+8, 3月2日下午2点, 14:05, 2 March 2026 at 2pm. "Yesterday" is not one.

Values are ISO 8601 as precise as what was written: "2026-03-02T14:05+08:00", "2026-03-02", "14:05", "14" (two in the
afternoon), and "--03-02T14" where no year was given (the truncated form of ISO 8601:2000).
"""

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from trustdesk.policy.evidence.facts import Fact

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_CN: Final = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}

_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b\.?"
_COUNT: Final = r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})"
_PERIOD: Final = "凌晨|清晨|早上|早晨|今早|上午|中午|下午|午后|傍晚|晚上|今晚|昨晚|夜里|夜晚|深夜|半夜"

_ISO_DATE: Final = re.compile(r"((?:19|20)\d\d)([\-/.])(\d{1,2})\2(\d{1,2})(?!\d|\2\d)", re.ASCII)
_CN_DATE: Final = re.compile(
    rf"((?:19|20)\d\d) ?年 ?({_COUNT}) ?月(?: ?({_COUNT}) ?(?:[日号號]|(?!\d))|(?!\d))", re.ASCII
)
_CN_DAY: Final = re.compile(rf"({_COUNT}) ?月 ?({_COUNT}) ?[日号號]", re.ASCII)
_DAY_MONTH: Final = re.compile(
    rf"(\d{{1,2}})(st|nd|rd|th)?[\s\-]{{0,2}}(?:of )?({_MONTH})(?:[,\s\-]{{1,2}}((?:19|20)\d\d)(?!\d))?",
    re.ASCII | re.IGNORECASE,
)
_MONTH_DAY: Final = re.compile(
    rf"({_MONTH})\s?(\d{{1,2}})(st|nd|rd|th)?(?![\d:.])(?:,?\s((?:19|20)\d\d)(?![\d:]))?", re.ASCII | re.IGNORECASE
)
_NUMERIC: Final = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2((?:19|20)\d\d)(?!\d)", re.ASCII)
_SHORT: Final = re.compile(r"(\d{1,2})([/\-])(\d{1,2})(?=[,，]? ?\d{1,2}[:：]\d\d)", re.ASCII)
_BASIC: Final = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?(?!\d)", re.ASCII)

_CLOCK: Final = re.compile(
    rf"(?P<period>{_PERIOD})?\s?(?P<hour>\d{{1,2}})"
    r"(?:[:：](?P<minute>[0-5]\d)(?:[:：](?P<second>[0-5]\d)(?:[.,:](?P<fraction>\d{1,6}))?)?(?![:：.]?\d)"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?|\s?(?P<only>[ap])\.?m\b\.?)",
    re.ASCII | re.IGNORECASE,
)
_CN_HOUR: Final = re.compile(
    rf"(?P<period>{_PERIOD}|早|晚)?\s?(?P<hour>{_COUNT})\s?[点點时](?!间|差|候)"
    rf"(?:(?P<half>半)|(?P<quarter>一刻)|(?P<three>三刻)"
    rf"|(?P<minute>{_COUNT}|零[一二三四五六七八九]|\d\d)(?:\s?(?P<said>分)|(?![点點\d.,])))?[整钟鐘]?",
    re.ASCII,
)
_ZONE: Final = re.compile(
    r"\s?[(（]?(?:(?:utc|gmt)\s?([+\-−])\s?(\d{1,2})(?::?([0-5]\d))?(?!\d)|([+\-−])(\d\d):?([0-5]\d)(?!\d)"
    r"|(utc|gmt|z|hkt|sgt|jst|kst|edt|est|pdt|pst|cest|cet|msk|beijing time|北京时间|北京時間|东八区)(?![a-z]))[)）]?",
    re.ASCII | re.IGNORECASE,
)
_ZONE_BEFORE: Final = re.compile(r"(?:北京时间|北京時間|beijing time)[\s:：,，]{0,2}$", re.IGNORECASE)
# Not CST and IST: each means several zones, and a guess would be worse than the time as written.
_ZONES: Final = {
    "utc": "Z", "gmt": "Z", "z": "Z", "hkt": "+08:00", "sgt": "+08:00", "jst": "+09:00", "kst": "+09:00",
    "edt": "-04:00", "est": "-05:00", "pdt": "-07:00", "pst": "-08:00", "cet": "+01:00", "cest": "+02:00",
    "msk": "+03:00",
}  # fmt: skip

_BETWEEN: Final = re.compile(
    r"T|[\s,，]{0,2}(?:[(（]?(?:周|星期|礼拜)[一二三四五六日天][)）]?)?[\s,，]{0,2}"
    r"(?:at |around |about |@ ?|大约|大概|约|的|在)?\s?"
)
_ON: Final = re.compile(r"(?:(,? on )|, | )(?:the )?", re.IGNORECASE)
_CLOCK_AFTER: Final = re.compile(r"[ T,]{1,2}\d{1,2}:\d\d")
_PERIOD_BEFORE: Final = re.compile(rf"(?:{_PERIOD}|早|晚)\s?$")
_RATIO: Final = re.compile(
    r"ratio|leverage|odds|score|比例|杠杆|比率|盈亏|比分|倍|兑换|won|lost|画面|屏幕", re.IGNORECASE
)
_SAID_WHEN: Final = re.compile(
    r"(?:今天|昨天|前天|明天|后天|当天|今日|昨日|[日号號]|周[一二三四五六日天]|星期[一二三四五六日天]|在|于|从)\s?$"
)
_SAID_ABOUT: Final = re.compile(r"\s?(?:多|左右|前后|之前|以前|之后|以后|的时候)")
_CN_START: Final = re.compile(
    rf"(?:{_PERIOD}|早|晚)\s?[一二两三四五六七八九十]{{1,3}}[点點时]|[一二三四五六七八九十]{{1,2}}月[一二三四五六七八九十]{{1,3}}[日号號]"
)
_STAMP_BEFORE: Final = re.compile(r"(?:timestamp|time_?stamp|时间戳|時間戳|\bts|time)[\"'\s:：=]{0,4}$", re.IGNORECASE)

# What may follow a number that begins a time; a name of a month may also stand before it.
_NEXT: Final = frozenset(":：点點時时年月/-")
_NEXT_WORD: Final = re.compile(
    rf"\s?(?:[ap]\.?m\b|[年月点點时]|(?:st|nd|rd|th)?[\s\-]?(?:of )?{_MONTH})", re.ASCII | re.IGNORECASE
)
_ZONE_NEXT: Final = frozenset("(（+-−uUgGzZhHsSjJkKeEpPcCmMbB北东")


class _Part(NamedTuple):
    value: str
    end: int


def may_start(text: str, token: str, *, start: int, end: int) -> bool:
    """Return whether the number token = text[start:end] may begin a time: cheap, and never wrongly False."""
    following = text[end : end + 1]
    if following in _NEXT:
        return following != ""
    if len(token) > 4:
        return token.count(".") == 2 or (len(token) == 8 and following == "T")
    if (following == " " or following.isalpha()) and _NEXT_WORD.match(text, end):
        return True
    return len(token) < 3 and _month_before(text, at=start) >= 0


def _month_before(text: str, *, at: int) -> int:
    """Return where the name of a month just before a position starts, or -1."""
    if at < 4 or not (text[at - 1] in " ." and text[at - 2].isascii()):
        return -1
    words = text[max(0, at - 11) : at].rstrip(" .")
    size = 0
    while size < len(words) and words[-size - 1].isascii() and words[-size - 1].isalpha():
        size += 1
    if size == 0 or words[len(words) - size :].lower() not in _MONTHS:
        return -1
    return max(0, at - 11) + len(words) - size


def spelled(text: str) -> list[Fact]:
    """Return the times of text that begin with a Chinese numeral: 三月二日下午三点半, 晚上八点."""
    if not ("点" in text or "點" in text or "月" in text):
        return []
    found: list[Fact] = []
    for match in _CN_START.finditer(text):
        # After a date in digits it belongs to that date, which is read later and takes it along.
        dated = text[max(0, match.start() - 3) : match.start()].rstrip(" ，,")[-1:] in ("日", "号", "號")
        free = not dated and (not found or match.start() >= found[-1].end)
        if free and (fact := moment(text, at=match.start())):
            found.append(fact)
    return found


def stamp(text: str, token: str, *, start: int, end: int) -> Fact | None:
    """Return the time of a Unix timestamp in seconds or milliseconds that is called one, as ISO in UTC."""
    if len(token) not in (10, 13) or token[0] != "1" or not _STAMP_BEFORE.search(text[max(0, start - 16) : start]):
        return None
    seconds, milliseconds = int(token[:10]), token[10:]
    value = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return Fact("time", f"{value}.{milliseconds}Z" if milliseconds else f"{value}Z", start=start, end=end)


def moment(text: str, *, at: int) -> Fact | None:
    """Return the point in time written at a position (a name of a month or a part of the day may stand before it)."""
    begin = at
    date = None
    if (month := _month_before(text, at=at)) >= 0 and (date := _date(text, at=month)):
        begin = month
    date = date or _date(text, at=at)
    if date is not None:
        return _with_clock(text, date, begin=begin)
    before = text[max(0, at - 4) : at]
    if not before.isascii() and (period := _PERIOD_BEFORE.search(before)):
        begin = max(0, at - 4) + period.start()
    clock = _clock(text, at=begin, dated=False)
    if clock is None:
        return None
    zone = _zone(text, at=clock.end, begin=begin, attached=False)
    value, end = clock.value + zone.value, zone.end
    if text[end : end + 1] in (" ", ",") and (on := _ON.match(text, end)):
        day = _date(text, at=on.end())
        # Without "on", a date that has a time of its own, or no year, begins the next item of a list.
        if day and "T" not in day.value and (on[1] or (day.value[0] != "-" and not _CLOCK_AFTER.match(text, day.end))):
            return Fact("time", f"{day.value}T{value}", start=begin, end=day.end)
    return Fact("time", value, start=begin, end=end)


def _with_clock(text: str, date: _Part, *, begin: int) -> Fact | None:
    value, end = date
    if "T" in value:
        zone = _zone(text, at=end, begin=begin, attached=True)
        return Fact("time", value + zone.value, start=begin, end=zone.end)
    gap = _BETWEEN.match(text, end)
    clock = _clock(text, at=gap.end(), dated=True) if gap else None
    if clock is not None:
        zone = _zone(text, at=clock.end, begin=begin, attached=text[end] == "T")
        return Fact("time", f"{value}T{clock.value}{zone.value}", start=begin, end=zone.end)
    return Fact("time", value, start=begin, end=end)


def _date(text: str, *, at: int) -> _Part | None:
    """Return the date at a position. What follows the first digits says which forms can fit, so few are tried."""
    digits = at
    while digits < at + 8 and text[digits : digits + 1].isdecimal():
        digits += 1
    size, following = digits - at, text[digits : digits + 1]
    if size == 4:
        if following in ("-", "/", ".") and (found := _ISO_DATE.match(text, at)):
            return _day(found[1], int(found[3]), int(found[4]), found.end())
        if following in ("年", " ") and (found := _CN_DATE.match(text, at)):
            month = _count(found[2])
            if not found[3]:
                return _Part(f"{found[1]}-{month:02}", found.end()) if 1 <= month <= 12 else None
            return _day(found[1], month, _count(found[3]), found.end())
    elif size == 8:
        if following == "T" and (found := _BASIC.match(text, at)):
            day = _day(found[1], int(found[2]), int(found[3]), found.end())
            clock = ":".join(part for part in found.group(4, 5, 6) if part)
            return day and _Part(f"{day.value}T{clock}", day.end)
    elif size == 0:
        if not following.isascii() and (found := _CN_DAY.match(text, at)):
            return _day("", _count(found[1]), _count(found[2]), found.end())
        if found := _MONTH_DAY.match(text, at):
            return _named(found[1], found[2], found[4], found[3], found.end())
    elif size <= 2 and following and following not in ":：":
        return _short_date(text, at=at, following=following)
    return None


def _short_date(text: str, *, at: int, following: str) -> _Part | None:
    if following in "月 " and (found := _CN_DAY.match(text, at)):
        if text[at - 1 : at] == "年":
            return None  # of a year before 1900: history, not a case
        return _day("", _count(found[1]), _count(found[2]), found.end())
    if following in "/.-":
        if found := _NUMERIC.match(text, at):
            return _either_order(found[4], int(found[1]), int(found[3]), found.end(), day_first=found[2] != "/")
        if found := _SHORT.match(text, at):
            return _either_order("", int(found[1]), int(found[3]), found.end(), day_first=False)
    if following.isascii() and (found := _DAY_MONTH.match(text, at)):
        return _named(found[3], found[1], found[4], found[2], found.end())
    return None


def _named(name: str, day: str, year: str | None, ordinal: str | None, end: int) -> _Part | None:
    month = _MONTHS.get(name.rstrip(".").lower())
    # "I may 5 times", "they march 3 abreast"
    if month is None or (name in ("may", "march") and not (year or ordinal)):
        return None
    return _day(year or "", month, int(day), end)


def _either_order(year: str, first: int, second: int, end: int, *, day_first: bool) -> _Part | None:
    """Return a date of two numbers. Where both could be the month, points and dashes mean day first, slashes month."""
    if first > 12 or (day_first and second <= 12):
        first, second = second, first
    return _day(year, first, second, end)


def _day(year: str, month: int, day: int, end: int) -> _Part | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _Part(f"{year or '-'}-{month:02}-{day:02}", end)


def _count(written: str) -> int:
    if written.isdigit():
        return int(written)
    tens, ten, units = written.rpartition("十")
    if not ten:
        return _CN.get(written[-1], 99)
    return (_CN.get(tens, 99) if tens else 1) * 10 + (_CN.get(units, 99) if units else 0)


def _clock(text: str, *, at: int, dated: bool) -> _Part | None:
    found = _CLOCK.match(text, at)
    if found is None:
        return _spoken_clock(text, at=at, dated=dated)
    start = found.start("hour")
    if start and text[start - 1] in ".:-" and not dated:
        return None  # part of a longer number, of the address of a network card, of a range of ports
    period, half = found["period"] or "", (found["half"] or found["only"] or "").lower()
    vague = len(found["hour"]) == 1 and not (dated or period or half or found["second"])
    if vague and _RATIO.search(text, max(0, at - 16), found.end() + 10):
        return None
    hour = _hour(int(found["hour"]), period, half)
    if hour is None:
        return None
    value = f"{hour:02}" if found["minute"] is None else f"{hour:02}:{found['minute']}"
    if found["second"]:
        value += f":{found['second']}" if found["fraction"] is None else f":{found['second']}.{found['fraction']}"
    return _Part(value, found.end())


def _spoken_clock(text: str, *, at: int, dated: bool) -> _Part | None:
    found = _CN_HOUR.match(text, at)
    if found is None:
        return None
    digits = found["hour"].isdigit()
    exact = found["period"] or found["half"] or (digits and found["said"])
    if not (dated or exact or (digits and _is_said(text, found.start("hour"), found.end()))):
        return None  # "两点建议", "涨了10点"
    hour = _hour(_count(found["hour"]), found["period"] or "", "")
    minute = 30 if found["half"] else 15 if found["quarter"] else 45 if found["three"] else None
    if found["minute"]:
        minute = _count(found["minute"])
    if hour is None or (minute is not None and minute > 59):
        return None
    return _Part(f"{hour:02}" if minute is None else f"{hour:02}:{minute:02}", found.end())


def _is_said(text: str, at: int, end: int) -> bool:
    if _SAID_WHEN.search(text[max(0, at - 4) : at]):
        return True
    about = text[end - 1] in "整钟鐘" or _SAID_ABOUT.match(text, end)
    return bool(about) and text[at - 1 : at] not in "涨跌升降第了"


def _hour(hour: int, period: str, half: str) -> int | None:
    if half and 1 <= hour <= 12:
        return hour % 12 + (12 if half == "p" else 0)
    if period in ("下午", "午后", "傍晚") and hour < 12:
        hour += 12
    elif period in ("晚上", "今晚", "昨晚", "夜里", "夜晚", "深夜", "半夜", "晚"):
        # Twelve at night is midnight; one to four at night are the small hours.
        hour = 0 if hour == 12 else hour + 12 if 5 <= hour < 12 else hour
    elif period == "中午" and hour < 3:
        hour += 12
    elif period in ("凌晨", "半夜") and hour == 12:
        hour = 0
    return hour if hour <= 24 else None


def _zone(text: str, *, at: int, begin: int, attached: bool) -> _Part:
    near = text[at : at + 2].lstrip()
    found = _ZONE.match(text, at) if near and near[0] in _ZONE_NEXT else None
    if found is None:
        before = text[max(0, begin - 16) : begin]
        return _Part("+08:00" if ("时" in before or "ime" in before) and _ZONE_BEFORE.search(before) else "", at)
    if found[7]:
        return _Part(_ZONES.get(found[7].lower(), "+08:00"), found.end())
    sign, hours, minutes = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
    # "14:05-15:30" is a span, "T14:05-05:00" an offset.
    if int(hours) > 14 or (not found[1] and sign != "+" and not attached):
        return _Part("", at)
    return _Part(f"{'+' if sign == '+' else '-'}{int(hours):02}:{minutes or '00'}", found.end())
