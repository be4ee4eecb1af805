"""The demo world: a small exchange that carries the chat, a mailbox, staff and two weeks of cases."""

from trustdesk.demo.cast import PASSWORD, STAFF

__all__ = ["logins"]


def logins() -> list[tuple[str, str, str]]:
    """List who can sign in to the desk while trying out: what they are, address, password."""
    teams = {"funds": "Funds", "accounts": "Accounts", "trading": "Trading"}
    shown = [one for one in STAFF if one.role != "agent"] + [one for one in STAFF if one.role == "agent"]
    return [
        ("Administrator" if one.role == "admin" else f"{teams[one.teams[0]]}, {one.role}", one.mail, PASSWORD)
        for one in shown
    ]
