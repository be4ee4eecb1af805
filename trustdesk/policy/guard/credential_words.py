"""The words by which a password, a PIN or a one-time code is known, and those that say it is something else."""

from __future__ import annotations

import re

# Without one of these words, or one of these names, there is nothing to find. As everywhere in the guard every branch
# of a long pattern begins with a plain character: the matcher then skips it by one look.
NAMES = frozenset(
    "password passwords passwort passwd passcode passphrase pass pw pwd psw kennwort contraseña contrasena senha пароль parola "
    "şifre şifrem sifre sifrem passe khẩu khau pin code codes otp totp mfa fa verificationcode verifycode código codigo код "
    "mã doğrulama".split()
)
EASTERN_NAMES = re.compile(
    "密码|密碼|口令|验证|驗證|校验码|校驗碼|动态码|動態碼|安全码|安全碼|谷歌码|短信码|비밀번|비번|인증|パスワ|認証|暗証|PIN码|PIN碼|Pin码|pin码"
)

NAME = re.compile(
    "(?P<code>(?:动态|動態|一次性)(?:密码|密碼|口令)|(?:验证|驗證|校验|校驗|动态|動態|安全|确认|確認|短信|簡訊|谷歌|邮箱|郵箱)[码碼]"
    "|(?:谷歌|二次|双重|雙重|两步|兩步|短信|手机)(?:验证|驗證)器?(?![码碼])"
    "|код подтверждения|mã xác (?:nhận|minh)|c[óo]digo de (?:verifica|seguran|segurid|confirma)[a-zçãóáí]{1,8}|doğrulama kodu"
    "|인증 ?(?:번호|코드)|認証(?:コード|番号)|verif(?:ication|y)code"
    "|t?(?<![a-z0-9])t?otp(?: codes?)?(?![a-z])|[2m](?<![a-z0-9].)-?fa(?:[ _-]codes?)?(?![a-z])|c(?<![a-z].)odes?(?![a-z]))"
    "|(?P<pin>p(?<![a-z].)in(?:[ -]?code| number|[码碼])?(?![a-z]))"
    "|(?P<password>密[码碼]|口令|비밀번호|비번|パスワード|暗証番号|pass(?:words?|wd|code|wort|phrase)(?![a-z])"
    "|p(?<![a-z].)(?:ass|wd|w|sw)(?![a-z])|kennwort(?![a-z])|contrase[ñn]a(?![a-z])|senha(?![a-z])|пароль(?![а-я])"
    "|parola(?![a-z])|[şs](?<![a-zş].)ifrem?(?![a-z])|mot de passe|mật khẩu|mat khau)"
)
# What must stand before a bare "code" to make it a one-time code …
CODE_OWNERS = frozenset(
    "fa 2fa mfa otp totp sms text email mail phone mobile google authenticator verification verify verifying security login "
    "signin in confirmation authentication auth time digit digits whatsapp telegram backup recovery factor step access "
    "passcode gmail ga app".split()
)
# … and what leaves it open: then the words around it decide.
BARE_OWNERS = frozenset("my your the this that is it new latest got received here a same following".split())

# Words that may stand between a name and its value, besides "is".
LINKS = (
    "for|of|to|on|in|at|by|via|from|with|the|this|that|which|my|your|our|account|accounts|wallet|login|email|e-mail|mail|"
    "sms|text|phone|app|site|website|google|authenticator|i|we|you|it|use|used|using|got|get|received|have|has|had|"
    "entered|typed|sent|me|just|new|old|current|here|shows?|says?"
)
EASTERN_LINKS = (
    "我|你|您|收到的?|输入的?|輸入的?|填的?|输的?|输了|设置的?|設置的?|设的?|設的?|设定的?|用的?|改成|改为|改為|发来|發來|发|發|给|給|告诉|告訴|"
    "现在|現在|目前|一直|都|就|应该|應該|刚|剛|新|旧|舊|的|了|这个|這個|有效"
)

# Letters alone are a password only where none of these words, and no participle, says how it is.
NOT_PASSWORDS = frozenset(
    "a an the and or but to too so not no yes ok okay nothing none null nil true false invalid incorrect wrong right "
    "correct valid gone lost same different unknown known weak strong secure insecure safe unsafe fine good bad long short "
    "old new required optional mandatory missing empty blank default default hidden secret private public open "
    "reset set unset change changes forgot forget forgotten remember help please pls thanks thank sorry hello "
    "working works work doesnt dont cant cannot wont didnt isnt error errors fail fails failure problem problems issue "
    "issues broken stuck needed necessary mine yours theirs his hers here there above below again already still "
    "now today yesterday tomorrow never always maybe unsure sure impossible possible difficult easy hard simple complex "
    "enough ready done complete updated up down on off active inactive enabled disabled on expired unchanged "
    "compromised hacked leaked stolen guessed exposed case sensitive characters character letters digits numbers number "
    "number link links page pages mail email emails sms phone login password passwords passcode code codes username user "
    "account accounts support team agent staff screenshot attached asap urgent immediately it its it's this that these what "
    "which when where how why who important protected encrypted visible invisible hashed value string field strength "
    "manager policy incorrectly correctly accepted rejected unavailable available temporary permanent unique invalidated "
    "abgelaufen falsch richtig vergessen incorrecta correcta incorreta errada erro olvidada inválida неверный "
    "confidential overdue obsolete identical similar frozen nonexistent intact inaccurate mismatch personal legit authentic "
    "perfect random automatic google chrome apple iphone android icloud safari samsung huawei windows metamask".split()
)
# Tokens of letters and digits that are no passwords; matched whole, in lower case.
THINGS = re.compile(
    r"[23]-?fa\w*|mfa\d?|web\d|[a-z]2[a-z]|(?:erc|trc|bep|arc|prc)-?\d+|"
    r"(?:iphone|ipad|ios|android|windows|win|macos|chrome|firefox|edge|galaxy|pixel|redmi|safari|version|ver|v)[-_]?\d[\w.]*|"
    r"(?:uid|id|order|case|ticket|txid|tx|no|ref|err|error|code|http|step|kyc|level|lv|vip|tier)[-_:#=]?\d[\d-]*|err(?:or)?_\w*|"
    r"\d+(?:am|pm|st|nd|rd|th|s|secs?|m|mins?|minutes|h|hrs?|hours?|d|days?|w|weeks?|x|k|usdt?|usdc|btc|eth|times?|[gmk]b|"
    r"digits?|chars?|characters?)|"
    r"sha-?\d+|md5|base\d+|utf-?\d+|aes-?\d+|rsa-?\d+|0x[0-9a-f]+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\S*|\d{1,2}:\d\d\S*|"
    r"[0-9chjkmpqrtvwxy]{3}-[0-9chjkmpqrtvwxy]{3}-[0-9chjkmpqrtvwxy]{4}|"
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\w*://.*|www\..*|/.*|[\w-]+(?:\.[\w-]+)+/.*|.*\.(?:com|org|net|io|html?|php|png|jpe?g)|"
    r"<.*>|\[.*|\{.*|\$\{?\w+\}?|%\w+%?|[*•xX._-]+|(.)\1*"
)
# What makes a number an amount, a time or a length.
UNIT = re.compile(
    r"[ \t]?(?:分钟|分鐘|分|秒|小时|小時|天|日|次|元|个|個|条|條|位|月|年|号|號|usd|btc|eth|trx|sol|xrp|bnb|"
    r"eur|gbp|rub|inr|cny|rmb|krw|rupees|dollars|euros|块|塊|万|萬|刀|枚|u(?![a-z])|"
    r"(?:s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?|weeks?|months?|years?|times?|digits?|characters?|chars?|letters|"
    r"people|users|emails|messages|attempts|tries)(?![a-z])|%)"
)
# Said before a name, in the same sentence: what follows loosely is then a UID or an error, not the secret …
PROTECTS = re.compile(
    "forg[eo]t|reset|chang|recover|los[et]|lost|wrong|incorrect|invalid|error|expired|updat|fail|not? (?:get|got|rec|arr|com)|"
    "n[o'’]?t (?:get|got|rec)|never |without |"
    "忘|重置|重設|重设|修改|更改|更换|更換|找回|错误|錯誤|不对|不對|无效|無效|失效|过期|過期|不到|没有|沒有|没收|沒收|未收|无法|無法|别|勿|等"
)
# … or a bare "code" is that of an error.
OF_ERRORS = re.compile(
    "error|status|response|return|http|api|exit|fail|reject|exception|msg|order|错|錯|状态|狀態|返回|提示|报|報"
)
ENTERED = re.compile(
    "(?<![a-z])(?:entered|enter|typed|type|input|submitted|sms|texted|sent me|got by|received|收到)(?![a-z])"
)
# How a customer speaks of a code of his own.
RECEIVED = re.compile(
    "(?<![a-z])(?:my|got|received|sent|sms|texted|emailed|google|authenticator|entered|typed|phone)(?![a-z])|收到|短信|发来"
)
