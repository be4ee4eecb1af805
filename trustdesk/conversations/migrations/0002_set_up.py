"""The rows a fresh install starts with: the chat and mail inboxes, three teams, the chat's request types, the epoch."""

import uuid

from django.db import migrations

TEAMS = [
    ("accounts", "Accounts", "账户"),
    ("funds", "Deposits and withdrawals", "充提"),
    ("trading", "Trading", "交易"),
]

# code, label, label_zh, team, priority, level of proof
TYPES = [
    ("hacked", "Someone else is in my account", "账户被盗", "accounts", 0, 1),
    ("deposit_missing", "Deposit has not arrived", "充值未到账", "funds", 2, 2),
    ("withdrawal_delayed", "Withdrawal is delayed", "提现延迟", "funds", 2, 3),
    ("order", "An order or trade", "订单与成交", "trading", 3, 2),
    ("login", "Signing in, password, 2FA", "登录、密码与双重验证", "accounts", 2, 1),
    ("kyc", "Identity verification", "身份认证", "accounts", 3, 2),
    ("promotion", "Promotions and rewards", "活动与奖励", "trading", 4, 2),
    ("api", "API", "API 接口", "trading", 2, 2),
    ("phishing", "Report a scam or phishing", "举报诈骗与钓鱼", "accounts", 1, 0),
    ("how_to", "How do I …?", "使用咨询", "trading", 4, 0),
    ("other", "Something else", "其他问题", "accounts", 3, 0),
]


def set_up(apps, schema_editor):
    Team = apps.get_model("staff", "Team")
    teams = {
        slug: Team.objects.get_or_create(slug=slug, defaults={"name": name, "name_zh": name_zh})[0]
        for slug, name, name_zh in TEAMS
    }
    RequestType = apps.get_model("conversations", "RequestType")
    for position, (code, label, label_zh, team, priority, needs) in enumerate(TYPES):
        RequestType.objects.get_or_create(
            code=code,
            defaults={
                "label": label,
                "label_zh": label_zh,
                "team": teams[team],
                "priority": priority,
                "needs": needs,
                "position": position,
            },
        )
    Inbox = apps.get_model("channels", "Inbox")
    Inbox.objects.get_or_create(kind="chat", address="", defaults={"name": "Live chat"})
    Inbox.objects.get_or_create(kind="email", address="", defaults={"name": "Notices"})
    apps.get_model("conversations", "History").objects.get_or_create(id=1, defaults={"epoch": uuid.uuid4()})


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0001_initial"),
        ("channels", "0001_initial"),
        ("staff", "0002_roles_and_append_only_audit"),
    ]
    operations = [migrations.RunPython(set_up, migrations.RunPython.noop)]
