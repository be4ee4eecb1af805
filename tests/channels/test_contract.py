"""What every channel owes the rest of the product, whichever it is."""

from __future__ import annotations

import pytest

from trustdesk.channels import registry
from trustdesk.channels.contract import Channel, Outbound, SendFailed


@pytest.mark.parametrize("kind", sorted(registry.CHANNELS))
def test_a_channel_says_what_it_is_and_what_a_message_may_hold(kind: str) -> None:
    channel = registry.channel(kind, address="help@northlight.example")
    assert isinstance(channel, registry.CHANNELS[kind])
    assert channel.kind == kind
    assert len(kind) <= 16, "it is stored in that many characters"
    assert channel.label
    assert min(channel.limits.max_text, channel.limits.files, channel.limits.file_bytes) >= 0
    assert channel.limits.max_text > 0


@pytest.mark.parametrize("kind", sorted(registry.CHANNELS))
def test_a_channel_fails_in_the_one_way_that_says_whether_to_try_again(kind: str) -> None:
    with pytest.raises(SendFailed) as failed:
        registry.channel(kind).send(Outbound("key", "no recipient at all", "", ""))
    assert failed.value.permanent, "the same message to nobody fails for ever"


def test_the_chat_sends_nothing_by_itself_and_holds_what_the_protocol_says() -> None:
    chat = registry.channel("chat")
    assert (chat.limits.max_text, chat.limits.files, chat.limits.file_bytes) == (4000, 10, 25 * 1024 * 1024)
    assert type(chat).send is Channel.send


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        registry.channel("pigeon")
