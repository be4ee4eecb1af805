"""The phrases of `asking` in Spanish, Portuguese, Russian, Vietnamese, Korean and Turkish: the commonest ways to ask."""

# ruff: noqa: E501  a pattern cut into lines is harder to read than a long one

from __future__ import annotations

from trustdesk.policy.asking_phrases import TOOLS, Language

_GAP = r"(?:,? [^\s,]+){0,6}?,? "

SPANISH = Language(
    secrets={
        "password": r"(?:contraseñas?|contrasenas?|clave de (?:acceso|inicio)|pin\b|credenciales)",
        "key": r"(?:frase (?:semilla|de recuperaci[oó]n|secreta|mnem[oó]nica)|palabras (?:semilla|de recuperaci[oó]n|secretas)|(?:12|24|doce) palabras|claves? privadas?|semilla)",
        "code": r"(?:c[oó]digos? (?:de verificaci[oó]n|2fa|sms|de seguridad|de google|del autenticador|de autenticaci[oó]n|de confirmaci[oó]n|que (?:le|te|has|ha|recibi)|"
        r"del? sms|por sms|de un solo uso|otp)|otp\b)",
    },
    asks=(
        r"\b(?:env[ií](?:e|a|ar|arme|eme|ame|enos|anos)|m[aá]nd(?:e|a)(?:me|nos)?|d[ií](?:game|me|ganos|nos)|d[eé](?:me|nos)|dame|dar(?:me|nos)|comparta|comparte|compart(?:ir|a)(?:me|nos)?|"
        r"proporcion(?:e|a|ar)(?:me|nos)?|facil[ií]t(?:e|a)(?:me|nos)?|ind[ií]que(?:me|nos)|ind[ií]ca(?:me|nos)|necesit(?:o|amos)|p[aá]s(?:e|a)me|escriba|escribe|introduzca aqu[ií]|"
        r"confirme|confirma|l[eé]ame|env[ií]enos)\b{gap}{secret}",
        r"\b(?:cu[aá]l es|me (?:da|dice|pasa|env[ií]a)|puede(?:s)? (?:darme|decirme|enviarme|pasarme)){gap}{secret}",
    ),
    other={
        "remote_control": (
            r"\b(?:instal(?:e|a|ar|en)|descarg(?:ue|a|ar)|abra|abre|abrir|utilice|ejecut(?:e|a|ar)|con[eé]ct(?:ese|ate|e)|inici(?:e|a|ar)){gap}{tool}",
        ),
        "funds": (
            r"\b(?:mueva|mueve|mover|transfiera|transfiere|transferir|env[ií]e|env[ií]a|pase|retire){gap}(?:fondos|dinero|criptomonedas|monedas|saldo|activos|usdt|btc)"
            r"{gap}(?:cartera|billetera|monedero|cuenta|wallet|direcci[oó]n) (?:segura|de seguridad|protegida|temporal)",
        ),
    },
    never=r"\b(?:nunca|jam[aá]s|no|nadie|ning[uú]n|ninguna|sin|si alguien|quien|estafador\w*)\b",
    resumes=r"\b(?:pero|sin embargo|preocupe|preocupes|por favor|ahora|salvo|excepto|se puede|puedo|podemos)\b",
    excused=r"\ben (?:la|nuestra|el|su) (?:p[aá]gina|web|app|aplicaci[oó]n|sitio)",
    parts={"gap": _GAP, "tool": TOOLS + r"(?:control|acceso|escritorio) remoto)"},
)
PORTUGUESE = Language(
    secrets={
        "password": r"(?:senhas?|palavra-passe|pin\b|credenciais)",
        "key": r"(?:frase (?:semente|de recupera[cç][aã]o|secreta|mnem[oô]nica)|palavras (?:de recupera[cç][aã]o|secretas|semente)|(?:12|24|doze) palavras|chaves? privadas?|seed phrase)",
        "code": r"(?:c[oó]digos? (?:de verifica[cç][aã]o|2fa|sms|de seguran[cç]a|do google|do autenticador|de autentica[cç][aã]o|de confirma[cç][aã]o|que (?:voc[eê]|recebeu|chegou)|"
        r"do sms|por sms|otp)|otp\b)",
    },
    asks=(
        r"\b(?:envi(?:e|ar|a)|mand(?:e|a|ar)|me (?:envie|mande|diga|passe|d[eê]|informe|fale)|diga|informe|informar|passe|passar|compartilh(?:e|ar)|forne[cç](?:a|er)|digite aqui|"
        r"preciso(?: d[aoe])?|precisamos(?: d[aoe])?|confirme|escreva|leia)\b{gap}{secret}",
        r"\b(?:qual (?:é|e|[eé] a|[eé] o|a)|pode (?:me )?(?:enviar|dizer|passar|informar)){gap}{secret}",
    ),
    other={
        "remote_control": (
            r"\b(?:instal(?:e|a|ar)|baix(?:e|a|ar)|abra|abrir|utilize|execut(?:e|ar)|conect(?:e|ar)|inici(?:e|ar)){gap}{tool}",
        ),
        "funds": (
            r"\b(?:mova|mover|transfira|transferir|envie|enviar|mande|retire){gap}(?:fundos|dinheiro|criptomoedas|moedas|saldo|ativos|usdt|btc)"
            r"{gap}(?:carteira|conta|wallet|endere[cç]o) (?:segur[ao]|de seguran[cç]a|protegid[ao]|tempor[aá]ri[ao])",
        ),
    },
    never=r"\b(?:nunca|jamais|n[aã]o|ningu[eé]m|nenhum|nenhuma|sem|se algu[eé]m|quem|golpista\w*)\b",
    resumes=r"\b(?:mas|por[eé]m|preocupe|por favor|agora|exceto|posso|podemos)\b",
    excused=r"\bn[ao] (?:nossa |sua )?(?:p[aá]gina|site|app|aplicativo)",
    parts={"gap": _GAP, "tool": TOOLS + r"(?:controle|acesso) remoto)"},
)
RUSSIAN = Language(
    secrets={
        "password": r"(?:парол[ьяию]\w*|пин-?код\w*|логин и пароль)",
        "key": r"(?:(?:сид|seed)[ -]?фраз\w*|мнемоническ\w+ фраз\w*|мнемоник\w*|фраз\w+ восстановления|приватн\w+ ключ\w*|закрыт\w+ ключ\w*|секретн\w+ (?:слова|фраз\w*|ключ\w*)|(?:12|24) сл\w+)",
        "code": r"(?:код\w* (?:из (?:смс|sms|письма|приложения|сообщения)|подтверждения|2fa|двухфакторн\w+|проверки|верификации|безопасности|google|аутентификатора|который|от google)|"
        r"(?:смс|sms|2fa|проверочн\w+|одноразов\w+)[ -]?код\w*)",
    },
    asks=(
        r"(?:отправьте|отправь|пришлите|пришли|скажите|скажи|сообщите|сообщи|назовите|назови|продиктуйте|продиктуй|дайте|дай|введите сюда|напишите|напиши|предоставьте|"
        r"передайте|поделитесь|перешлите|покажите|укажите|подтвердите|(?:нам|мне) (?:нужен|нужна|нужны|нужно знать|потребуется)|нужен ваш|нужна ваша){gap}{secret}",
        r"(?:какой|какая|каков) (?:у вас|ваш|ваша|у тебя|твой)?{gap}{secret}",
    ),
    other={
        "remote_control": (
            r"(?:установите|установи|скачайте|скачай|откройте|запустите|запусти|подключитесь|используйте){gap}{tool}",
        ),
        "funds": (
            r"(?:переведите|переведи|отправьте|переместите|выведите|перечислите){gap}(?:средства|деньги|криптовалюту|монеты|баланс|активы|usdt|btc){gap}"
            r"(?:безопасн\w+|защищ[её]нн\w+|резервн\w+|временн\w+) (?:кошел\w+|счет|счёт|адрес)",
        ),
    },
    never=r"(?<!\w)(?:никогда|не|никому|никто|ни|нельзя|если (?:кто|вас)|мошенник\w*|кто-то|без)(?!\w)",
    resumes=r"(?<!\w)(?:но|однако|волнуйтесь|беспокойтесь|переживайте|пожалуйста|сейчас|можем|могу|бойтесь)(?!\w)",
    excused=r"на (?:странице|сайте|нашем сайте)|в приложении$",
    parts={"gap": r"(?:,? [^\s,]+){0,6}?,? ", "tool": TOOLS + r"удал[её]нн\w+ (?:доступ|управление|рабоч\w+ стол)\w*)"},
)
VIETNAMESE = Language(
    secrets={
        "password": r"(?:mật khẩu|mat khau|mã pin)",
        "key": r"(?:cụm từ (?:khôi phục|hạt giống|bí mật|ghi nhớ)|(?:12|24) từ|khóa (?:riêng(?: tư)?|bí mật|cá nhân)|khoá riêng|seed phrase|private key)",
        "code": r"(?:mã (?:xác (?:minh|nhận|thực)|otp|2fa|sms|bảo mật|google)|otp)",
    },
    asks=(
        r"(?:gửi|cho (?:tôi|chúng tôi|mình|em) (?:biết|xin)|cho (?:tôi|chúng tôi|em)|cung cấp|đọc|nhập(?= .{0,30}(?:vào đây|ở đây))|nói|chia sẻ|đưa|nhắn|xin|cần biết|chúng tôi cần|tôi cần){gap}{secret}",
        r"{secret}(?: \S+){0,4} là (?:gì|bao nhiêu)",
    ),
    other={
        "remote_control": (r"(?:cài(?: đặt)?|tải|mở|chạy|sử dụng|dùng|kết nối){gap}{tool}",),
        "funds": (
            r"(?:chuyển|gửi|rút|di chuyển){gap}(?:tiền|tài sản|coin|số dư|quỹ|usdt|btc){gap}(?:ví|tài khoản|địa chỉ) (?:an toàn|bảo mật|tạm thời)",
        ),
    },
    never=r"(?:không(?! sao| lo)|đừng(?! lo)|chưa bao giờ|bao giờ|không ai|nếu (?:có )?ai|kẻ lừa đảo|lừa đảo|bất kỳ ai)",
    resumes=r"(?:nhưng|tuy nhiên|lo lắng|vui lòng|hãy|bây giờ|được,)",
    excused=r"trên (?:trang|ứng dụng|website)",
    parts={"gap": r"(?:,? [^\s,]+){0,6}? ", "tool": TOOLS + r"(?:điều khiển|truy cập) từ xa)"},
)
KOREAN = Language(
    secrets={
        "password": r"(?:비밀번호|비번|패스워드|핀 ?번호|pin ?번호)",
        "key": r"(?:시드 ?(?:문구|구문|단어)|복구 ?(?:문구|구문|단어)|니모닉|개인 ?키|비밀 ?키|프라이빗 ?키|(?:12|24)개 ?단어)",
        "code": r"(?:인증 ?(?:번호|코드)|2fa ?(?:코드|번호)|otp(?: ?(?:코드|번호))?|보안 ?코드|sms ?코드|구글 ?(?:인증|otp) ?(?:코드|번호)?)",
    },
    asks=(
        r"{secret}[^.,]{0,20}?(?:보내|알려|말씀|말해|불러|입력해|적어|제공|공유|전달|주세요|주시|달라|줘)(?!.{0,6}(?:마|말|않|안))",
        r"{secret}[^.,]{0,10}?(?:뭐|무엇|어떻게 되|필요합니다|필요해요|확인해 주)",
    ),
    other={
        "remote_control": (r"{tool}[^.,]{0,16}?(?:설치|다운로드|실행|열어|켜|연결|사용)(?:해|하|을|를| |후)",),
        "funds": (
            r"(?:자금|자산|코인|돈|잔액|usdt|btc)[^.,]{0,16}?(?:안전한?|보안|임시|보호) ?(?:지갑|계좌|계정|주소)[^.,]{0,10}?(?:옮|이체|송금|전송|보내|이동)",
        ),
    },
    never=r"(?:절대|결코|않|마세요|마십시오|말아|말고|지 마|누구에게도|사기|누군가|사칭|묻지|요구하지)",
    resumes=r"(?:하지만|그러나|걱정|지금|이번)",
    excused=r"(?:페이지|앱|사이트|홈페이지)에서",
    parts={"gap": r"[^.,]{0,16}?", "tool": TOOLS + r"원격 ?(?:제어|접속|지원|데스크톱)|팀뷰어|애니데스크)"},
)
TURKISH = Language(
    secrets={
        "password": r"(?:şifre\w*|sifre\w*|parola\w*|pin(?: kod\w*)?)",
        "key": r"(?:kurtarma (?:ifade|kelime|cümle)\w*|tohum (?:ifade|kelime|cümle)\w*|(?:12|24) kelime\w*|özel anahtar\w*|gizli anahtar\w*|seed phrase\w*)",
        "code": r"(?:(?:doğrulama|onay|güvenlik|2fa|sms|google)(?: doğrulama)? kod\w*|otp(?: kod\w*)?)",
    },
    asks=(
        r"{secret}(?: \S+){0,4} (?:gönder|söyle|paylaş|ver(?:in|ir|eb)|yaz|ilet|bildir|oku|lazım|gerek|ihtiyac)\w*",
        r"{secret}(?: \S+){0,2} (?:nedir|ne\b|kaç)",
    ),
    other={
        "remote_control": (r"{tool}\S*(?: \S+){0,4} (?:indir|kur|yükle|aç|çalıştır|kullan|bağlan)\w*",),
        "funds": (
            r"(?:fon|para|kripto|coin|bakiye|varlık|usdt|btc)\w*(?: \S+){0,4} (?:güvenli|korumalı|geçici|emniyetli)(?: bir)? (?:cüzdan|hesa|adres)\w*(?: \S+){0,3} "
            r"(?:taşı|aktar|gönder|transfer)\w*",
        ),
    },
    never=r"(?:asla|hiçbir|kimse|\w+(?:meyin|mayın|mayız|meyiz|miyoruz|mıyoruz|muyoruz|müyoruz|mez|maz|meyecek\w*|mayacak\w*)|dolandırıcı\w*|biri(?:si)?(?= sizden))",
    resumes=r"(?:\bama\b|fakat|endişelenmeyin|merak etmeyin|korkmayın|lütfen|şimdi)",
    excused=r"(?:sayfa|site|uygulama)\w*(?:da|de)\b",
    parts={"gap": r"(?: \S+){0,5}? ", "tool": TOOLS + r"uzaktan (?:erişim|kontrol|bağlantı|masaüstü))"},
)
OTHERS = (SPANISH, PORTUGUESE, RUSSIAN, VIETNAMESE, KOREAN, TURKISH)

POSSIBLE = (
    r"pass|pw|pin|creden|log-?in|seed|phrase|mnemon|private|secret|keystore|words?\b|backup|recover|code|digit|number|otp|2-?fa|api|"
    r"desk|viewer|remote|screen|vnc|assist|splashtop|supremo|droid|getscreen|ammyy|aero|connect|logmein|access|control|"
    r"wallet|address|account|vault|storage|custody|"
    r"密|口令|码|助|注记|恢复|备份|种子|私|单词|个词|远程|远端|屏幕|荧幕|控制|操作|电脑|向日葵|位数|钱包|地址|账|地方|"
    r"contrase|clave|semilla|palabra|código|codigo|senha|chave|cartera|billetera|monedero|cuenta|carteira|conta|direcci|endere|"
    r"парол|пин|фраз|мнемо|ключ|код|слов|удал|кошел|сч[её]т|адрес|mật|mat khau|mã|cụm|khóa|khoá|từ|ví|비밀|비번|패스|핀|시드|복구|니모닉|개인|"
    r"프라이빗|단어|인증|보안|코드|원격|팀뷰|애니|지갑|계|주소|şifre|sifre|parola|kelime|anahtar|kod|kurtarma|tohum|uzaktan|cüzdan|hesa"
)
