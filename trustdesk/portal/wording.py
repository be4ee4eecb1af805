"""The words of the ticket form for everything that below is a code: problems, hints, areas, times, files."""

from __future__ import annotations

from collections.abc import Mapping

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trustdesk.conversations import public
from trustdesk.policy import guard
from trustdesk.policy.forms import Problem
from trustdesk.ui import durations

FILE_BYTES = 25 * 1024 * 1024

_AREAS: Mapping[str, tuple[Lazy, str]] = {
    "account": (_("My account"), "user"),
    "funds": (_("Deposits, withdrawals, fees"), "download"),
    "trading": (_("Trading and promotions"), "refresh"),
    "technical": (_("Something does not work"), "settings"),
    "partners": (_("Working together"), "users"),
    "other": (_("Anything else"), "chat"),
}
# The codes of `policy.forms`, problems and hints; {names} are their parameters.
_WORDS: Mapping[str, Lazy] = {
    "required": _("Please fill this in."),
    "needs_memo": _("Deposits of this coin carry a memo or tag. You find it beside the address on the deposit page."),
    "secret": _(
        "This looks like a secret, so we took it out: it was not stored. Nobody from support needs it. "
        "To be safe, change it or move your funds."
    ),
    "too_long": _("Too long: at most {expected} characters."),
    "too_short": _("Too short: something is missing. {expected} characters are expected, these are {found}."),
    "not_text": _("This holds characters that cannot be stored. Please type it anew."),
    "not_an_option": _("Please choose one of these."),
    "not_a_coin": _("This is no coin. Please give its short name, such as USDT or BTC."),
    "not_a_network": _("This is no network. It is named on the deposit or withdrawal page, for example TRC20."),
    "not_an_amount": _("Please give a number, for example 0.25."),
    "not_positive": _("The amount must be more than zero."),
    "not_a_mail": _("This is not a mail address. It looks like name@example.com."),
    "free_mail": _("Please write from the address of your authority: anyone can have one at {domain}."),
    "not_a_url": _("This is not a link. It looks like https://example.com/page."),
    "not_a_key_id": _("This is not the id of an API key. You find it in the list of your keys; never send the secret."),
    "bad_characters": _("Something here does not belong: please copy it again, without blanks and other signs."),
    "cut_short": _("This was shortened with dots. Please copy it in full."),
    "not_recognised": _("This does not look right. Please copy it from where it is shown."),
    "wrong_chain": _("This belongs to {chain}, not to {expected}. Please check the network."),
    "checksum_mismatch": _("A character is wrong in this. Please copy it instead of typing it."),
    "looks_like_address": _(
        "This is an address. We need the transaction id (TxID, hash): it is in the sender's history."
    ),
    "looks_like_tx_id": _("This is a transaction id. It belongs into the field for that."),
    "looks_like_email": _("This is a mail address. It is not needed here."),
    "looks_like_phone": _("This is a phone number. It is not needed here."),
    "internal_id": _(
        "This is the sender's own withdrawal number. The transaction id (TxID, hash) stands in the withdrawal's details."
    ),
    "not_an_explorer_link": _("We cannot read this link. Please copy the transaction id itself."),
    "digits_expected": _("Only digits are expected here."),
    "quote_missing": _("Please give both sides of the pair, for example {coin}/USDT."),
    "time_expected": _("Please give a date and a time, for example 2026-11-23 14:05."),
    "unknown_network": _("We do not know this network by that name. Please check it; you can send it as it is."),
    "other_network": _("The link shows {chain}, the form says {expected}. Please check which one is right."),
    "other_coin": _("Here it says {coin}, above {expected}. Please check which one is right."),
    "coin_missing": _("Please say of which coin."),
    "unchecked": _("We cannot check this one here; we look at it ourselves."),
    "mail_typo": _("Did you mean {suggestion}?"),
    "not_official": _("We do not know {domain} as an authority's; we may ask for further proof."),
    "prefix_added": _("Understood; we put the missing 0x in front."),
    "prefix_removed": _("Understood; on this network it is written without 0x."),
    "explorer_link_taken_apart": _("Understood; we took the id out of your link."),
    "maybe_address": _("This could also be an address. Please make sure that it is the transaction id."),
    "maybe_tx_id": _("This could also be a transaction id. Please make sure that it is the address."),
    "maybe_phone": _("This looks like a phone number. Your UID is on your profile page."),
    "zone_missing": _("Please choose the time zone, so that we look at the right hour."),
    "date_missing": _("Please add the day."),
    "unknown_pair": _("We do not know this pair; we look at it ourselves."),
    "unknown_file": _("The files are no longer there. Please add them again."),
}
# A field for an address that was given a transaction id needs other words than one for a transaction id.
_WORDS_OF_KIND: Mapping[tuple[str, str], Lazy] = {
    ("looks_like_address", "uid"): _("This is an address. Your UID has digits only; it is on your profile page."),
    ("looks_like_address", "order_id"): _("This is an address. The order number is in your order history."),
    ("looks_like_address", "memo"): _("This is an address. The memo or tag is the short number beside it."),
    ("looks_like_address", "coin"): _("This is an address. Please give the coin's short name, such as USDT or BTC."),
    ("looks_like_address", "network"): _("This is an address. Please give the network's name, for example TRC20."),
    ("looks_like_email", "uid"): _("This is a mail address. Your UID has digits only; it is on your profile page."),
    ("looks_like_phone", "uid"): _("This is a phone number. Your UID has digits only; it is on your profile page."),
    ("secret", "api_key_id"): _(
        "This looks like the secret of an API key, so we took it out: it was not stored. Please delete that key. "
        "The id in the list of your keys is all we need."
    ),
}
_CHAINS: Mapping[str, str | Lazy] = {
    "evm": _("Ethereum and its like (0x…)"),
    "bitcoin": "Bitcoin",
    "bitcoin-cash": "Bitcoin Cash",
    "bsc": "BNB Smart Chain",
    "tron": "TRON",
    "xrp": "XRP Ledger",
    "ton": "TON",
    "near": "NEAR",
    "eos": "EOS",
    "icp": "Internet Computer",
    "ethereum-classic": "Ethereum Classic",
    "opbnb": "opBNB",
    "zksync": "zkSync",
}
_FILES: Mapping[str, Lazy] = {
    "too_big": _("Too big: files can have up to {limit}."),
    "type_refused": _("This kind of file cannot be sent. Pictures, PDF and video can."),
    "quota": _("You have sent many files. Please wait a while before the next."),
    "too_many_files": _("Too many files in one message. You can send {files} at once."),
    "busy": _("We cannot do that right now. Please try again in a moment."),
}
_SIMILAR: Mapping[str, Lazy] = {
    "same_tx": _("It is about the same transaction."),
    "same_order": _("It is about the same order."),
    "same_text": _("It says nearly the same."),
}


def problem(one: Problem, *, kind: str = "") -> str:
    """Word a problem or hint of a field of this kind, in the reader's language."""
    words = _WORDS_OF_KIND.get((one.code, kind)) or _WORDS.get(one.code)
    if words is None:
        return gettext("Please check this.")
    params = {"expected": one.params.get("most", ""), "found": ""} | dict(one.params)
    for name in ("chain", "expected"):
        if one.code in ("wrong_chain", "other_network") and params.get(name):
            params[name] = chain(params[name])
    return str(words).format_map(_Blank(params))


def chain(code: str) -> str:
    """Name a chain or network of `policy.evidence`."""
    return str(_CHAINS.get(code) or code.replace("-", " ").title())


def area(code: str) -> str:
    """Name an area of request types."""
    return str(_AREAS[code][0]) if code in _AREAS else code


def area_icon(code: str) -> str:
    """Return the icon of an area."""
    return _AREAS[code][1] if code in _AREAS else "more"


def expected(found: public.Expected) -> str:
    """Say when the first answer comes: a range when it was learned, otherwise what we aim at."""
    if found.learned:
        return durations.between(found.low, found.high)
    return gettext("within {time}").format(time=durations.lasting(found.high))


def expected_why(found: public.Expected) -> str:
    """Say what the expected time rests on."""
    if not found.learned:
        return gettext("That is what we aim at; we tell you if it takes longer.")
    return gettext("So it was for {share} of 10 cases of this kind lately.").format(share=round(found.share * 10))


def file_refusal(code: str, *, most: int) -> str:
    """Word why a file was not taken."""
    words = _FILES.get(code) or _("The upload failed. Please try again.")
    return str(words).format(limit=filesizeformat(FILE_BYTES), files=most)


def hard_to_read(code: str) -> str:
    """Say that a picture may not be of use as it is; "" for one that is."""
    words = {
        "too_small": gettext("This picture is very small. Can you send it in its full size?"),
        "blurred": gettext("This picture is blurred, so we may not be able to read it. Can you take it again?"),
        "empty": gettext("There is hardly anything to see in this picture. Is it the right one?"),
    }
    return words.get(code, "")


def similar(why: str) -> str:
    """Say in what a case is alike."""
    return str(_SIMILAR.get(why, ""))


def too_fast() -> str:
    """Say that one has to wait a little."""
    return gettext("That was a little fast. Please wait a moment.")


def unavailable() -> str:
    """Say that nothing can be stored at this moment."""
    return gettext("We cannot take it in right now. Nothing you typed is lost: please send it again in a moment.")


def warning(text: str) -> str:
    """Say what will be taken out of a text before it is stored; "" for most texts."""
    if not guard.mask(text).found:
        return ""
    return gettext(
        "This holds something that looks like a secret. We take it out before anything is stored; please never send it."
    )


class _Blank(dict[str, str]):
    """Parameters of a sentence; one that is missing leaves a gap instead of an error."""

    def __missing__(self, key: str) -> str:
        return ""
