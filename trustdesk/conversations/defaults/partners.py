"""Request types of those who work with us or want to."""

from typing import Final

from trustdesk.conversations.defaults.shape import (
    CHANNELS,
    COMPANY,
    DAY,
    HOUR,
    MORE,
    PERIOD,
    FieldDefault,
    TypeDefault,
    what,
)

APPLY: Final = TypeDefault(
    code="partner_apply",
    area="partners",
    label="Become a partner or affiliate",
    label_zh="申请成为合作伙伴",
    about="You have an audience and want to bring customers to us.",
    about_zh="您有自己的受众，希望为我们推荐用户。",
    team="partners",
    priority=4,
    first_reply=DAY,
    resolve=5 * DAY,
    needs=0,
    fields=(
        COMPANY,
        FieldDefault(
            key="region",
            kind="choice",
            label="Where is your audience?",
            label_zh="您的受众主要在哪里？",
            options=(
                ("eea", "European Economic Area", "欧洲经济区"),
                ("global", "Rest of the world", "其他地区"),
            ),
            required=True,
        ),
        CHANNELS,
        FieldDefault(key="followers", kind="text", label="Followers on each channel", label_zh="各渠道粉丝数"),
        FieldDefault(key="countries", kind="text", label="Share of the main countries", label_zh="主要国家的受众占比"),
        what("How would you present us?", "您计划如何推广？"),
    ),
)
AGREEMENT: Final = TypeDefault(
    code="agreement",
    area="partners",
    label="Partnership agreement",
    label_zh="合作协议",
    about="You want to make, change or ask about an agreement with us.",
    about_zh="签署、修改或咨询合作协议。",
    evidence="Your proposal as a file.",
    evidence_zh="合作方案文件。",
    team="partners",
    priority=4,
    first_reply=2 * DAY,
    resolve=10 * DAY,
    needs=0,
    fields=(
        COMPANY,
        FieldDefault(
            key="country", kind="text", label="Country of registration", label_zh="注册国家或地区", required=True
        ),
        FieldDefault(
            key="contact", kind="text", label="Contact person and role", label_zh="联系人及职务", required=True
        ),
        FieldDefault(key="clause", kind="long", label="Draft or clause in question", label_zh="涉及的草案或条款"),
        what("What is the project?", "项目计划是什么？"),
    ),
)
COMMISSION: Final = TypeDefault(
    code="commission",
    area="partners",
    label="Commission and settlement",
    label_zh="佣金结算",
    about="A commission is missing, late or not what you worked out.",
    about_zh="佣金未到账、延迟或与您的计算不符。",
    evidence="Your report for this period.",
    evidence_zh="该时间段的报表。",
    team="partners",
    priority=3,
    first_reply=4 * HOUR,
    resolve=5 * DAY,
    needs=2,
    fields=(
        FieldDefault(key="affiliate_id", kind="text", label="Affiliate ID", label_zh="合作伙伴编号", required=True),
        PERIOD,
        FieldDefault(
            key="expected",
            kind="amount",
            label="Amount expected",
            label_zh="应结金额",
            help="With its coin, such as 120 USDT.",
            help_zh="请带上币种，例如 120 USDT。",
            required=True,
        ),
        FieldDefault(
            key="paid",
            kind="text",
            label="Amount paid",
            label_zh="实结金额",
            help="0 if nothing came.",
            help_zh="如未收到请填 0。",
            required=True,
        ),
        MORE,
    ),
)
MARKETING: Final = TypeDefault(
    code="marketing",
    area="partners",
    label="Marketing together",
    label_zh="市场推广",
    about="An event, a campaign or media you would like to do with us.",
    about_zh="希望与我们开展的活动、推广或媒体合作。",
    evidence="A media kit.",
    evidence_zh="媒体资料包。",
    team="partners",
    priority=4,
    first_reply=2 * DAY,
    resolve=10 * DAY,
    needs=0,
    fields=(
        COMPANY,
        CHANNELS,
        FieldDefault(key="audience", kind="text", label="Audience", label_zh="受众"),
        FieldDefault(
            key="budget",
            kind="amount",
            label="Budget",
            label_zh="预算",
            help="With its currency, such as 5000 USDT.",
            help_zh="请带上币种，例如 5000 USDT。",
        ),
        FieldDefault(key="dates", kind="text", label="Dates", label_zh="日期"),
        what("What do you have in mind?", "您的设想是什么？"),
    ),
)

TYPES: Final = (APPLY, AGREEMENT, COMMISSION, MARKETING)
