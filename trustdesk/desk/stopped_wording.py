"""The words of the desk for what no answer may ask a customer for: the kinds of `policy.asking`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REFUSALS = {
    "asks_password": _(
        "Not sent: this asks the customer for a password. Nobody here may ever do that. Your text is still here, and your "
        "team leads have been told. To warn the customer, write that we never ask for it."
    ),
    "asks_code": _(
        "Not sent: this asks the customer for a one-time code. Nobody here may ever do that; codes belong on the page that "
        "asks for them. Your text is still here, and your team leads have been told."
    ),
    "asks_key": _(
        "Not sent: this asks the customer for a seed phrase or a secret key. Nobody here may ever do that. Your text is still "
        "here, and your team leads have been told. To warn the customer, write that we never ask for it."
    ),
    "asks_remote_control": _(
        "Not sent: this asks the customer to let somebody control or watch their device. Nobody here may ever do that. Your "
        "text is still here, and your team leads have been told."
    ),
    "asks_funds": _(
        "Not sent: this asks the customer to move funds to an address that is said to be safe. Nobody here may ever do that. "
        "Your text is still here, and your team leads have been told."
    ),
    "own_stopped": _("That was your own text, so a colleague sees to it."),
}
_ASKED = {
    "password": _("a password"),
    "code": _("a one-time code"),
    "key": _("a seed phrase or secret key"),
    "remote_control": _("control of a device"),
    "funds": _("moving funds to a “safe” address"),
}


def asked(kind: str) -> str:
    """Name what a stopped text asked the customer for."""
    return str(_ASKED[kind]) if kind in _ASKED else kind
