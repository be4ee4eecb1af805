"""E-mail as plain data: a letter read from bytes, what kind it is, what was said in it, who vouches for its sender; and the way out."""

from trustdesk.channels.adapters.email.channel import Email, Transport

__all__ = ["Email", "Transport"]
