"""A provider's hook on its whole way: posted, stored, unpacked, read; and what became of mails of ours."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests import world
from tests.conversations.mails import case_of, events, we_wrote
from tests.hooks import posts
from tests.hooks.posts import BOUNCED, DELIVERED, Post
from tests.letters import ANNA, MX, bring, letter
from tests.world import NOON
from trustdesk.channels.models import Delivery, HookPayload
from trustdesk.conversations import mailroom
from trustdesk.conversations.models import Conversation, Entry, MailPart

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("hooks", "at_once"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]

POSTMARKS_NAME = "883953f4-6105-42a2-a16a-77a8eac79483"


@pytest.fixture(autouse=True)
def _server_in_front(settings: Settings) -> None:
    """A mail server of ours notes who vouches for a sender; nobody asks DNS."""
    settings.MAIL_AUTHSERV_ID = MX
    world.fresh()


def post_and_read(sent: Post) -> None:
    assert sent.send().status_code == 200
    while mailroom.read_due(now=NOON):
        pass


def test_a_mail_that_a_provider_posts_is_a_case_once() -> None:
    for _ in range(2):
        post_and_read(posts.mailgun_mime())
    assert Conversation.objects.get().inbox.kind == "email"
    assert Entry.objects.filter(kind="message").count() == 1
    assert MailPart.objects.get().verdict == "claimed"
    assert set(HookPayload.objects.values_list("state", flat=True)) == {"processed"}


def test_what_became_of_our_mail_is_on_the_case() -> None:
    case = case_of(bring(letter(vouched=""))[0])
    ours = we_wrote(case)
    Delivery.objects.filter(message_id=ours).update(provider_id=POSTMARKS_NAME)
    post_and_read(posts.postmark_event(**DELIVERED))
    assert Delivery.objects.get(message_id=ours).state == "delivered"
    for _ in range(2):
        post_and_read(posts.postmark_event(**BOUNCED))
    assert (Delivery.objects.get(message_id=ours).state, ANNA) == ("bounced", case.answer_to)
    assert events(case).count("mail_bounced") == 1
