"""Forms: the fields of a request type, and what a customer typed into them judged, tidied and turned into facts.

`check(fields, given)` judges a whole form. It builds on `policy.evidence`, which knows what the form of each chain's
transaction ids and addresses is, and on `policy.guard`, which finds secrets: what may be a secret is never handed back.
`flaws(fields)` and `asks_for_secret(label)` are for whoever edits the forms.

Problems stop a form from being sent, hints do not; both are codes with parameters for the surfaces to word.

Problem codes: required, needs_memo, secret (kind: as the guard names it), too_long and too_short (expected, found),
not_an_option, not_a_coin, not_a_network, not_an_amount, not_positive, not_a_mail, free_mail (domain), not_a_url,
not_a_key_id, and of `evidence.check`: bad_characters (characters), cut_short, not_recognised, wrong_chain (chain,
expected), checksum_mismatch (chain), looks_like_address, looks_like_tx_id, looks_like_email, looks_like_phone,
internal_id, not_an_explorer_link, digits_expected, quote_missing (coin), time_expected.
Hint codes: needs_memo, unknown_network, other_network (chain, expected), other_coin (coin, expected), coin_missing,
unchecked, mail_typo (suggestion), not_official (domain), and of `evidence.check`: prefix_added, prefix_removed,
explorer_link_taken_apart (chain), maybe_address, maybe_tx_id, maybe_phone, zone_missing, date_missing, unknown_pair.
"""

from trustdesk.policy.forms.checking import check
from trustdesk.policy.forms.fields import KINDS, LIMITS, YES, Checked, Field, Problem, asks_for_secret, flaws
from trustdesk.policy.forms.networks import MEMO_COINS, takes_memo

__all__ = [
    "KINDS", "LIMITS", "MEMO_COINS", "YES", "Checked", "Field", "Problem", "asks_for_secret", "check", "flaws",
    "takes_memo",
]  # fmt: skip
