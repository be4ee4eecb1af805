"""The request types a fresh install starts with. Once installed they are rows, and staff edit those.

Every type has a field `what`: the account in the customer's own words, which is the text of the case. A field `uid` is
for those who are not signed in: who is, is not asked what is known.
"""

from typing import Final

from trustdesk.conversations.defaults import account, funds, other, partners, technical, trading
from trustdesk.conversations.defaults.shape import FieldDefault, TypeDefault, form_of

__all__ = ["AREAS", "TEAMS", "TYPES", "FieldDefault", "TypeDefault", "form_of"]

# slug, name, name_zh
TEAMS: Final = (
    ("accounts", "Accounts", "账户"),
    ("funds", "Deposits and withdrawals", "充提"),
    ("trading", "Trading", "交易"),
    ("technical", "Technical", "技术"),
    ("partners", "Partners", "合作伙伴"),
    ("compliance", "Compliance", "合规"),
)

# code, label, label_zh: how the request types are grouped for the customer
AREAS: Final = (
    ("account", "Account and security", "账户与安全"),
    ("funds", "Deposits, withdrawals, fees", "充值、提现与费用"),
    ("trading", "Trading and promotions", "交易与活动"),
    ("technical", "Something does not work", "技术问题"),
    ("partners", "Working together", "商务合作"),
    ("other", "Anything else", "其他"),
)

TYPES: Final[tuple[TypeDefault, ...]] = (
    *account.TYPES, *funds.TYPES, *trading.TYPES, *technical.TYPES, *partners.TYPES, *other.TYPES,
)  # fmt: skip
