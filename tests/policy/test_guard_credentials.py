"""Passwords, PINs and one-time codes that only their names make secrets, and what agents need to read."""

import pytest

from tests.policy.credential_look_alikes import STAYS
from trustdesk.policy import guard

# What must go stands between bars.
PASSWORDS = [
    "my password is |Hunter2!x|",
    "My password is: |Hunter2!x|, it worked yesterday",
    "pw: |abc123|",
    "pwd=|abc123|",
    "password |hunter2|",
    "password |hunter2x1| does not work",
    "Password: |hunterman|",
    "password: |nora1987|",
    "my password is |order66x|",
    "password: |P@ssword|",
    "login: a@b.c / pass: |x|",
    "login: a@b.c\npassword: |sunshine|",
    "email bob@example.com password |123456|",
    "user/pass: bob/|hunter2|",
    'my password is "|correct horse battery staple|"',
    "my password is “|Summer 2024 rain|”",
    "password: '|let me in 99|'",
    "the password for my account is |Hunter2|",
    "the password I used was |qwerty12|.",
    "my password was |hunter2| but I changed it",
    "my login password is |778899|",
    "password for the wallet: |Abc-123-xyz|",
    "my passcode is |4821|",
    "passwd: |s3cret|",
    "My new password is\n|Hunter2!x|",
    "My password:\n|Hunter2!x|\nplease help",
    "password - |Hunter2!x|",
    "password => |Hunter2!x|",
    '{"user": "bob", "password": "|hunter2|"}',
    "Hello, my password is |sunshine|.",
    "pass\u200bword: |hunter2|",
    "ｐａｓｓｗｏｒｄ：|ａｂｃ１２３|",
    "|Hunter2!x| is my password",
    "|abc12345| is the login password",
    "登录密码是 |abc12345|",
    "登录密码是|abc12345|，登不上去",
    "登录密码：|Abc@12345|",
    "密码|abc12345|不对",
    "我的密码 |abc12345|",
    "密码为：|qwe!@#123|",
    "我的密码设置的是 |abc12345|",
    "密码改成了|abc12345|",
    "密码是“|Abc 123 xyz|”",
    "密码：【|abc12345|】",
    "资金密码：|778899|",
    "资金密码：|７７８８９９|",
    "资金密码是|778899|",
    "交易密码 |778899|",
    "我的密码是\n|abc12345|",
    "账号 bob@example.com 密码 |123456|",
    "账号密码：bob@example.com |abc12345|",
    "|abc12345| 是我的密码",
    "|abc12345|（密码）",
    "登錄密碼是 |abc12345|",
    "資金密碼：|778899|",
    "我的密碼為 |Abc12345|",
    "口令：|abc12345|",
    "contraseña: |abc123|",
    "mi contraseña es |Hunter2|",
    "minha senha é |abc12345|",
    "мой пароль: |abc12345|",
    "mật khẩu: |abc12345|",
    "비밀번호: |abc12345|",
    "şifre: |abc12345|",
]
PINS = [
    "the pin is |4321|",
    "PIN: |1234|",
    "PIN |4321|",
    "my pin |4321| is refused",
    "my card pin is |987654|",
    "PIN码：|4321|",
    "My PIN code is |4821|.",
    "|4321| is my pin",
]
CODES = [
    "2FA code |123456|",
    "2FA code is |123456|",
    "2FA: |123456|",
    "2fa |123456|",
    "my code is |482 913|",
    "my code is |482-913|",
    "my code: |482913|",
    "the code I got is |482913|",
    "the code I received by sms: |482913|",
    "I got the code: |482913|",
    "I entered the code |482913| three times",
    "code from the authenticator app: |482913|",
    "verification code |482913|",
    "verification code: |482913|, it does not work",
    "Verification code (SMS): |482913|",
    "verification code\n|482913|",
    "verification_code=|482913|",
    "the verification code sent to my phone is |4829|",
    "sms code |4821|",
    "email code: |48291377|",
    "e-mail code is |482913|",
    "the 6-digit code is |482913|",
    "google authenticator code |482 913|",
    "security code: |482913|",
    "login code |482913|",
    "sign-in code: |482913|",
    "OTP |482913|",
    "otp is |482913|",
    "My OTP: |4 8 2 9 1 3|",
    "TOTP |482913|",
    "verification code is “|482913|”",
    'the SMS code is "|482913|"',
    "verification code: |A1B2C3|",
    "backup code: |a1b2-c3d4-e5f6|",
    "my google code is |G-482913|",
    "|482913| is my verification code",
    "I typed |482913| as the 2FA code",
    "验证码 |482913|",
    "验证码|482913|",
    "验证码：|482913|",
    "验证码是|482913|",
    "验证码：\n|482913|",
    "验证码是 |４８２９１３|",
    "验证码“|482913|”",
    "验证码【|482913|】",
    "验证码 |482 913|",
    "验证码我收到的是 |482913|",
    "验证码收到了 |482913|",
    "验证码收到了，是 |482913|",
    "验证码：我收到的是 |482913|",
    "código de verificación: |482913|",
    "код подтверждения |482913|",
    "mã xác minh: |482913|",
    "短信验证码是|482913|，提示错误",
    "短信验证码 |4829|",
    "谷歌验证码是 |123456|",
    "谷歌验证 |123456|",
    "邮箱验证码：|482913|",
    "二次验证码 |482913|",
    "动态密码：|482913|",
    "动态口令 |482913|",
    "安全码：|482913|",
    "|482913| 是验证码",
    "驗證碼 |482913|",
    "簡訊驗證碼是 |482913|",
    "谷歌驗證碼：|123456|",
    "인증번호 |482913|",
]


def split(marked: str) -> tuple[str, str]:
    """Give the text, and what is between the bars."""
    before, secret, after = marked.split("|")
    return before + secret + after, secret


@pytest.mark.parametrize(
    ("kind", "marked"),
    [
        *(("password", one) for one in PASSWORDS),
        *(("pin", one) for one in PINS),
        *(("one_time_code", one) for one in CODES),
    ],
)
def test_what_is_named_is_masked(kind: str, marked: str) -> None:
    text, secret = split(marked)
    masked = guard.mask(text)
    assert [text[one.start : one.end] for one in masked.found] == [secret]
    assert masked.text == text.replace(secret, f"[••• {masked.found[0].kind}]")
    assert masked.found[0].kind == kind or (kind, masked.found[0].kind) == ("pin", "password")
    assert guard.mask(masked.text).found == ()


@pytest.mark.parametrize("text", STAYS)
def test_what_agents_need_stays(text: str) -> None:
    assert guard.mask(text) == guard.Masked(text=text, found=())
