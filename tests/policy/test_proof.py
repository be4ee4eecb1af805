"""What each level of proof opens, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trustdesk.policy.proof import INTENTS, Held, Proof, UnknownIntent, allows, current, hold, lasts, needed

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)

# Written out, not computed: this table is what we promise.
OPENS = [
    ("how_to", Proof.NOBODY),
    ("open_case", Proof.NOBODY),
    ("report_phishing", Proof.NOBODY),
    ("report_bug", Proof.NOBODY),
    ("case_status", Proof.CONTACT),
    ("next_steps", Proof.CONTACT),
    ("transcript", Proof.CONTACT),
    ("reopen_case", Proof.CONTACT),
    ("documents", Proof.CONTACT),
    ("freeze_account", Proof.CONTACT),
    ("account_recovery", Proof.CONTACT),
    ("order_status", Proof.SESSION),
    ("deposit_status", Proof.SESSION),
    ("withdrawal_status", Proof.SESSION),
    ("balance", Proof.SESSION),
    ("personal_data", Proof.SESSION),
    ("kyc_status", Proof.SESSION),
    ("fees_statement", Proof.SESSION),
    ("api_problem", Proof.SESSION),
    ("p2p_dispute", Proof.SESSION),
    ("order_change", Proof.STRONG),
    ("withdrawal_release", Proof.STRONG),
    ("wrong_memo_recovery", Proof.STRONG),
    ("contact_change", Proof.STRONG),
    ("password_reset", Proof.STRONG),
    ("2fa_reset", Proof.STRONG),
    ("unfreeze_account", Proof.STRONG),
    ("data_export", Proof.STRONG),
    ("data_erasure", Proof.STRONG),
]


@pytest.mark.parametrize(("intent", "bar"), OPENS)
def test_an_intent_opens_at_its_level_and_above_and_not_below(intent: str, bar: Proof) -> None:
    assert needed(intent) is bar
    assert [level for level in Proof if allows(intent, level)] == [level for level in Proof if level.value >= bar.value]


def test_the_table_above_names_every_intent() -> None:
    assert sorted(INTENTS) == sorted(intent for intent, _ in OPENS)


def test_a_mailed_code_never_opens_account_data() -> None:
    opened = {intent for intent in INTENTS if allows(intent, Proof.CONTACT)}
    assert {"case_status", "next_steps"} <= opened
    assert not opened & {"balance", "personal_data", "order_status", "deposit_status", "withdrawal_status"}
    assert not opened & {"2fa_reset", "contact_change", "password_reset", "withdrawal_release"}


@pytest.mark.parametrize("intent", ["", "balances", "BALANCE", "case status"])
def test_an_unknown_intent_opens_nothing(intent: str) -> None:
    with pytest.raises(UnknownIntent):
        needed(intent)
    with pytest.raises(UnknownIntent):
        allows(intent, Proof.STRONG)


def test_the_table_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        INTENTS["balance"] = Proof.NOBODY  # type: ignore[index]


def test_a_level_lasts_from_when_it_was_reached_until_just_before_its_end() -> None:
    held = hold(Proof.STRONG, at=NOON, how="second_factor")
    assert held == Held(level=Proof.STRONG, at=NOON, expires_at=NOON + timedelta(minutes=15), how="second_factor")
    assert current([held], now=NOON) is held
    assert current([held], now=held.expires_at - timedelta(microseconds=1)) is held
    assert current([held], now=held.expires_at) is None


@pytest.mark.parametrize(
    ("level", "minutes"), [(Proof.NOBODY, 0), (Proof.CONTACT, 30), (Proof.SESSION, 30), (Proof.STRONG, 15)]
)
def test_how_long_each_level_lasts(level: Proof, minutes: int) -> None:
    assert lasts(level) == timedelta(minutes=minutes)


def test_the_strongest_that_still_counts_is_the_current_one() -> None:
    mailed = hold(Proof.CONTACT, at=NOON, how="mail_code")
    factor = hold(Proof.STRONG, at=NOON, how="second_factor")
    assert current([mailed, factor], now=NOON + timedelta(minutes=1)) is factor
    assert current([mailed, factor], now=NOON + timedelta(minutes=20)) is mailed
    assert current([mailed, factor], now=NOON + timedelta(minutes=31)) is None
    assert current([], now=NOON) is None


def test_of_two_equal_levels_the_one_that_lasts_longer_counts() -> None:
    early = hold(Proof.SESSION, at=NOON, how="session")
    late = hold(Proof.SESSION, at=NOON + timedelta(minutes=5), how="session")
    for order in ([early, late], [late, early]):
        assert current(order, now=NOON + timedelta(minutes=6)) is late
