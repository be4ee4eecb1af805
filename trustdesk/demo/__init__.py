"""The demo world: a small exchange that carries the chat, a mailbox, staff and two weeks of cases."""

from trustdesk.demo.cast import PASSWORD, STAFF, Colleague

__all__ = ["logins"]


def logins() -> list[tuple[str, str, str]]:
    """List who can sign in to the desk while trying out: what they are, address, password."""
    teams = {"funds": "Funds", "accounts": "Accounts", "trading": "Trading"}
    shown = [one for one in STAFF if one.role != "agent"] + [one for one in STAFF if one.role == "agent"]

    def what(one: Colleague) -> str:
        if one.role == "admin":
            return "Administrator"
        return ", ".join(part for part in (teams[one.teams[0]], one.role, one.writing) if part)

    return [(what(one), one.mail, PASSWORD) for one in shown]
