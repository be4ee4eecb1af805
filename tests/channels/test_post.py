"""What came from outside: stored sealed before it is acknowledged, taken once, never lost, forgotten in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import override_settings

from tests.world import NOON
from trustdesk.channels import post, sealing
from trustdesk.channels.models import HookPayload, Inbox

State = HookPayload.State
MAIL = b"From: anna@mail.example\r\nSubject: CNRY-secret\r\n\r\nhello\r\n"


def raw(source: str = "smtp:1", content: bytes = MAIL, **more: object) -> post.Raw:
    inbox = Inbox.objects.get(kind="email").pk
    return post.Raw(inbox, "mail", source, content, {"sender": "anna@mail.example", **more}, NOON)


def waiting_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'", [post.JOB])
        return int(cursor.fetchone()[0])


def only() -> HookPayload:
    return HookPayload.objects.get()


@pytest.mark.django_db
def test_what_is_stored_has_its_job_and_is_read_back_as_it_came() -> None:
    assert post.store([raw(ip="192.0.2.1")]) == [True]
    assert waiting_jobs() == 1
    [claimed] = post.claim(now=NOON, most=10)
    assert (claimed.content, claimed.envelope) == (MAIL, {"sender": "anna@mail.example", "ip": "192.0.2.1"})
    assert (claimed.attempts, claimed.released) == (1, False)


@pytest.mark.django_db
def test_nobody_reads_it_in_the_database() -> None:
    post.store([raw()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(p)::text, encode(sealed, 'escape') FROM channels_hookpayload p")
        assert all(b"CNRY" not in str(value).encode() and "anna" not in str(value) for value in cursor.fetchone())


@pytest.mark.django_db
def test_handing_it_over_again_stores_nothing() -> None:
    assert post.store([raw(), raw(), raw("smtp:2")]) == [True, True, True]
    assert post.store([raw(), raw("smtp:3")]) == [False, True]
    assert HookPayload.objects.count() == 3


@pytest.mark.django_db
def test_an_older_key_still_opens_and_a_foreign_one_does_not() -> None:
    post.store([raw()])
    row = only()
    with override_settings(SECRET_KEY="another-" + "x" * 50, SECRET_KEY_FALLBACKS=[]), pytest.raises(sealing.Unsealable):
        post.content(row.pk)
    with override_settings(SECRET_KEY="another-" + "x" * 50, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert post.content(row.pk) == MAIL


@pytest.mark.django_db
def test_what_a_dead_process_left_is_taken_again_and_no_earlier() -> None:
    post.store([raw()])
    assert len(post.claim(now=NOON, most=10)) == 1
    assert post.claim(now=NOON + timedelta(minutes=1), most=10) == []
    [again] = post.claim(now=NOON + post.LEASE + timedelta(seconds=1), most=10)
    assert again.attempts == 2


@pytest.mark.django_db
def test_what_readers_die_over_is_taken_alone_and_put_aside_the_third_time() -> None:
    """F-37, F-44: a mail that takes its reader along takes no other mail along, and not for ever."""
    post.store([raw("smtp:poison"), raw("smtp:good")])
    now = NOON
    assert len(post.claim(now=now, most=10)) == 2  # the process dies over one of them
    alone = []
    for _ in range(8):
        now += post.LEASE + timedelta(seconds=1)
        for one in post.claim(now=now, most=10):
            alone.append(one.id)
            if one.content == MAIL and one.id != HookPayload.objects.get(source="smtp:poison").pk:
                post.processed({one.id: None}, now=now)
    poison, good = HookPayload.objects.order_by("source").last(), HookPayload.objects.get(source="smtp:good")
    assert poison is not None
    assert (poison.state, poison.reason, good.state) == (State.UNREADABLE, "died", State.PROCESSED)
    assert alone.count(poison.pk) == post.ATTEMPTS - 1


@pytest.mark.django_db
def test_what_may_pass_is_waited_for_and_staff_may_try_again_after_the_last_time() -> None:
    """F-46: five minutes without DNS, or a full disk, put nothing aside."""
    post.store([raw()])
    now = NOON
    for attempt in range(1, post.TRIES + 1):
        [claimed] = post.claim(now=now, most=1)
        assert claimed.attempts == attempt
        post.failed(claimed, reason="dns", now=now)
        assert post.claim(now=now, most=1) == []  # not at once
        now += post.LONGEST
    assert (only().state, only().reason) == (State.UNREADABLE, "dns")
    assert post.again(only().pk, now=now)
    [claimed] = post.claim(now=now, most=1)
    assert (claimed.attempts, claimed.released) == (1, False)


@pytest.mark.django_db
def test_what_merely_failed_has_not_been_died_over() -> None:
    """Some tries without DNS, then one restart of the worker: that is one death, of three."""
    post.store([raw()])
    now = NOON
    for _ in range(4):
        [claimed] = post.claim(now=now, most=1)
        post.failed(claimed, reason="dns", now=now)
        now += post.LONGEST
    for _ in range(post.ATTEMPTS):
        assert len(post.claim(now=now, most=1)) == 1  # and its process dies
        assert only().state == State.STORED
        now += post.LEASE + timedelta(seconds=1)
    assert post.claim(now=now, most=1) == []
    assert (only().state, only().reason) == (State.UNREADABLE, "died")
    assert post.again(only().pk, now=now)
    assert (only().attempts, only().deaths) == (0, 0)


@pytest.mark.django_db
def test_a_released_one_says_so_however_often_it_is_tried() -> None:
    post.store([raw()])
    [claimed] = post.claim(now=NOON, most=1)
    post.held(claimed.id, reason="unverified_sender", now=NOON)
    assert post.claim(now=NOON + timedelta(days=1), most=1) == []
    assert post.again(claimed.id, now=NOON, release=True)
    [claimed] = post.claim(now=NOON, most=1)
    assert claimed.released
    post.failed(claimed, reason="dns", now=NOON)
    [claimed] = post.claim(now=NOON + timedelta(hours=1), most=1)
    assert claimed.released


@pytest.mark.django_db
def test_what_is_read_is_shredded_after_a_month_and_a_secret_at_once() -> None:
    post.store([raw("smtp:1"), raw("smtp:2"), raw("smtp:3")])
    one, two, three = post.claim(now=NOON, most=3)
    post.processed({one.id: None, two.id: None}, now=NOON, shred=[two.id])
    post.held(three.id, reason="automatic", now=NOON)
    with pytest.raises(sealing.Unsealable):
        post.content(two.id)
    assert post.content(one.id) == MAIL
    assert post.shred_old(now=NOON + post.KEPT - timedelta(minutes=1)) == 0
    assert post.shred_old(now=NOON + post.KEPT + timedelta(minutes=1)) == 1
    with pytest.raises(sealing.Unsealable):
        post.content(one.id)
    assert post.content(three.id) == MAIL  # nobody has dealt with it yet
    with pytest.raises(LookupError):
        post.content(0)


def test_many_readers_take_each_thing_once(committed_db: str) -> None:
    post.store([raw(f"smtp:{number}") for number in range(120)])

    def read(_: int) -> list[int]:
        try:
            return [one.id for _round in range(6) for one in post.claim(now=NOON, most=7)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        taken = [identity for ids in pool.map(read, range(4)) for identity in ids]
    assert sorted(taken) == sorted(HookPayload.objects.values_list("pk", flat=True))


def test_two_bearers_of_the_same_thing_store_it_once(committed_db: str) -> None:
    def bring(_: int) -> list[bool]:
        try:
            return post.store([raw()])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bring, range(16)))
    assert HookPayload.objects.count() == 1
