"""What a request type of a fresh install consists of, and the fields many of them share."""

from dataclasses import dataclass
from typing import Final

from trustdesk.policy import forms

HOUR: Final = 60  # minutes
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefault:
    """One field with its words in English and Chinese; see `policy.forms.Field` for the rest. Options are (value,
    label, label_zh)."""

    key: str
    kind: str
    label: str
    label_zh: str
    help: str = ""
    help_zh: str = ""
    required: bool = False
    options: tuple[tuple[str, str, str], ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDefault:
    """One request type: what the customer reads and fills in, who gets it, what is promised.

    `first_reply` and `resolve` are minutes, 0 where nothing is promised. `needs` is a level of `policy.proof`,
    `documents` whether papers are wanted beside it, which only ever go through the secure page.
    """

    code: str
    area: str
    label: str
    label_zh: str
    about: str
    about_zh: str
    evidence: str = ""
    evidence_zh: str = ""
    team: str
    priority: int
    first_reply: int
    resolve: int
    needs: int
    documents: bool = False
    in_chat: bool = False
    fields: tuple[FieldDefault, ...]


def form_of(kind: TypeDefault) -> tuple[forms.Field, ...]:
    """Return the fields of a request type as `policy.forms` checks them."""
    return tuple(
        forms.Field(
            key=field.key,
            kind=field.kind,
            required=field.required,
            options=tuple(value for value, _, _ in field.options),
            when=field.when,
            beside=field.beside,
        )
        for field in kind.fields
    )


def what(
    label: str = "What happened?",
    label_zh: str = "发生了什么？",
    *,
    help: str = "",
    help_zh: str = "",
    required: bool = True,
    kind: str = "long",
) -> FieldDefault:
    """Return the field for the customer's own words, which every type has."""
    return FieldDefault(
        key="what", kind=kind, label=label, label_zh=label_zh, help=help, help_zh=help_zh, required=required
    )


# After fields that already say all that is needed.
MORE: Final = what("Anything else we should know?", "还有其他要说明的吗？", required=False)

UID: Final = FieldDefault(
    key="uid",
    kind="uid",
    label="Account UID",
    label_zh="账户 UID",
    help="Digits only. It stands on your profile page and in our mails to you.",
    help_zh="纯数字，可在个人资料页或我们发给您的邮件中找到。",
)


def when(label: str = "When was it?", label_zh: str = "发生在什么时间？", *, required: bool = False) -> FieldDefault:
    """Return the field for a point in time."""
    return FieldDefault(
        key="when",
        kind="time",
        label=label,
        label_zh=label_zh,
        help="Date and time with your time zone, such as 2026-03-02 14:05 UTC+8.",
        help_zh="请写明日期、时间和时区，例如 2026-03-02 14:05 UTC+8。",
        required=required,
    )


COIN: Final = FieldDefault(
    key="coin",
    kind="coin",
    label="Coin",
    label_zh="币种",
    help="Its ticker only, such as USDT.",
    help_zh="只填代码，例如 USDT。",
    required=True,
)
NETWORK: Final = FieldDefault(
    key="network",
    kind="network",
    label="Network",
    label_zh="网络",
    help="As chosen for the transfer, such as TRC20, ERC20 or Bitcoin.",
    help_zh="转账时选择的网络，例如 TRC20、ERC20 或 Bitcoin。",
    required=True,
    beside="coin",
)
AMOUNT: Final = FieldDefault(key="amount", kind="amount", label="Amount", label_zh="数量", required=True, beside="coin")


def tx_id(*, required: bool = True) -> FieldDefault:
    """Return the field for the id of a transaction on a blockchain."""
    return FieldDefault(
        key="tx_id",
        kind="tx_id",
        label="Transaction ID (TxID)",
        label_zh="交易哈希（TxID）",
        help="The sender finds it in their withdrawal history. You may also paste a link of a block explorer.",
        help_zh="可在转出方的提现记录中找到，也可以粘贴区块浏览器的链接。",
        required=required,
        beside="network",
    )


TO_ADDRESS: Final = FieldDefault(
    key="to_address",
    kind="address",
    label="Deposit address",
    label_zh="充值地址",
    help="The address the coins were sent to.",
    help_zh="币转入的地址。",
    beside="network",
)
MEMO: Final = FieldDefault(
    key="memo",
    kind="memo",
    label="Memo or tag",
    label_zh="Memo 或标签",
    help="As shown on your deposit page.",
    help_zh="以您充值页面上显示的为准。",
    beside="network",
)
SENDER: Final = FieldDefault(
    key="sender",
    kind="text",
    label="Sent from",
    label_zh="转出方",
    help="The name of the exchange or wallet.",
    help_zh="交易所或钱包的名称。",
)
PERIOD: Final = FieldDefault(
    key="period",
    kind="text",
    label="Period",
    label_zh="时间范围",
    help="From which day to which day.",
    help_zh="从哪一天到哪一天。",
    required=True,
)
PRODUCT: Final = FieldDefault(
    key="product",
    kind="choice",
    label="Product",
    label_zh="产品",
    options=(
        ("spot", "Spot", "现货"),
        ("contracts", "Contracts", "合约"),
        ("margin", "Margin", "杠杆"),
        ("earn", "Earn", "理财"),
        ("p2p", "P2P", "P2P 交易"),
        ("card", "Card", "银行卡"),
        ("other", "Something else", "其他"),
    ),
)
PLATFORM: Final = FieldDefault(
    key="platform",
    kind="choice",
    label="Where do you use it?",
    label_zh="在哪里使用？",
    options=(
        ("web", "Web site", "网页"),
        ("ios", "iPhone or iPad app", "iPhone 或 iPad 应用"),
        ("android", "Android app", "安卓应用"),
        ("desktop", "Desktop program", "电脑客户端"),
    ),
    required=True,
)
VERSION: Final = FieldDefault(
    key="version",
    kind="text",
    label="App or browser version",
    label_zh="应用或浏览器版本",
)
ERROR_CODE: Final = FieldDefault(
    key="error_code",
    kind="error_code",
    label="Error code",
    label_zh="错误代码",
    help="If one is shown.",
    help_zh="如有显示请填写。",
)
COMPANY: Final = FieldDefault(
    key="company", kind="text", label="Company or team", label_zh="公司或团队名称", required=True
)
CHANNELS: Final = FieldDefault(
    key="channels",
    kind="long",
    label="Links to your channels",
    label_zh="您的渠道链接",
    help="One on each line.",
    help_zh="每行一个。",
    required=True,
)


def expected(*, required: bool = True) -> FieldDefault:
    """Return the field for what should have happened."""
    return FieldDefault(
        key="expected", kind="long", label="What did you expect?", label_zh="您预期的结果是什么？", required=required
    )


def actual(*, required: bool = True) -> FieldDefault:
    """Return the field for what did happen."""
    return FieldDefault(
        key="actual",
        kind="long",
        label="What happened instead?",
        label_zh="实际发生了什么？",
        required=required,
    )
