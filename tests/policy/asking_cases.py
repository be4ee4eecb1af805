"""What nobody of the staff may ask a customer for, as a thief in a stolen seat would write it; by language."""

ENGLISH = {
    "password": """
Please send me your password.
Can you tell me your password?
What is your password?
what's your login password
I need your password to unlock the account.
Kindly provide your login credentials so we can check.
Your password please
Password?
Please type your password here.
Write your password in this chat and I will verify it.
We need your account password and date of birth to proceed.
May I have your fund password?
Could you share your PIN with us?
Give me your current password, I'll reset it for you.
Confirm your password to me so that I know it is you.
Don't worry, just send me your password.
I cannot help you without your password.
Reply with your e-mail address and password.
Let me know your password and I'll log in for you.
""",
    "code": """
Please send me the 2FA code.
What is the verification code you received?
Tell me the 6-digit code from your authenticator app.
Could you read me the SMS code?
I have just sent you a code, please tell me the code you received.
Please share the code you got by text.
Kindly forward the verification code to us.
We need your Google Authenticator code to confirm the withdrawal.
You will receive an SMS code. Send it to me.
A verification code was sent to your phone; read it to me, please.
Enter your 2FA code here in the chat.
2FA code please
Give me the OTP.
Can I get your one-time code now?
What does it say? Send me the code from your phone.
Send me a photo of your backup codes.
If you want your account back, send me the 2FA code.
""",
    "key": """
Please send us your seed phrase.
What are your 12 words?
Share your recovery phrase with our technical team.
I need your private key to return the deposit.
Provide the 24-word recovery phrase to restore the wallet.
Send me a screenshot of your seed phrase.
Please paste your private key below.
Verify your seed phrase so that we can sync the wallet.
Type your mnemonic in this chat.
Can you give me your API secret?
Your recovery phrase must be sent to us for the migration.
We will need your wallet seed to fix this.
""",
    "remote_control": """
Please install AnyDesk.
Download TeamViewer and give me the ID.
Open AnyDesk and tell me the AnyDesk code.
Could you install a remote access app so I can look at it?
Let me connect to your computer.
Let me take control of your phone for a minute.
Please share your screen with me.
I will take control of your computer to fix it.
Start Quick Assist and accept the request.
Please give me access to your computer.
Get RustDesk from this page.
""",
    "funds": """
Please move your funds to a safe wallet.
Transfer all your coins to our secure wallet now.
Your account is under attack: withdraw everything to the safe address I give you.
Send your USDT to this address for verification.
Move your crypto to a temporary holding account.
You must transfer your balance to our company wallet.
Deposit your BTC into the security vault account.
To protect it, send your assets to the wallet below.
""",
}
SIMPLIFIED = {
    "password": """
请把您的密码发给我。
请告诉我您的登录密码
您的密码是多少？
麻烦提供一下资金密码
我们需要您的密码来核实身份
密码发我一下
请在这里输入您的登录密码
把密码告诉客服就可以了
请提供账号和密码
没有您的密码我们无法处理
别担心，把登录密码告诉我
报一下您的交易密码
方便说一下您的支付密码吗
""",
    "code": """
请把验证码发给我
请告诉我您收到的验证码
验证码是多少？
麻烦念一下短信验证码
请提供谷歌验证码
您手机收到的验证码是多少
把您收到的验证码告诉我们
我们需要您的2FA验证码
收到短信验证码后发给我
验证码发过来
请回复六位数字验证码
将验证码提供给客服
请把谷歌验证码截图发给我
稍后您会收到验证码，请立即告诉我
麻烦报给我动态密码
如果想解冻，请把验证码告诉我
请在聊天中输入验证码
""",
    "key": """
请把助记词发给我们
请提供您的助记词
您的私钥是什么？
麻烦把12个单词发过来
请将私钥告诉技术人员
我们需要核对您的助记词
请把助记词截图发给客服
请在下方粘贴您的私钥
验证您的助记词即可恢复
请提供钱包恢复短语
把您的助记词拍照发我
""",
    "remote_control": """
请下载向日葵
请安装AnyDesk，然后把识别码告诉我
打开TeamViewer，我来帮您操作
麻烦安装一下ToDesk
请开启远程协助
我们的技术人员会远程操作您的电脑
请共享您的屏幕
请让我们控制您的电脑
向日葵识别码发我
使用QQ远程让我看一下
""",
    "funds": """
请把您的资金转到安全钱包
请将资产转移到我们的安全账户
请立即把USDT提到安全地址
把币转到我们的钱包
为了保护您的资产，请把余额转入托管账户
请将全部资金转入以下地址
请把钱转到公司指定账户
""",
}
TRADITIONAL = {
    "password": """
請把您的密碼發給我。
請告訴我您的登錄密碼
您的密碼是多少？
麻煩提供一下資金密碼
我們需要您的密碼來核實身份
密碼發我一下
請在這裡輸入您的登錄密碼
把密碼告訴客服就可以了
請提供帳號和密碼
沒有您的密碼我們無法處理
別擔心，把登錄密碼告訴我
報一下您的交易密碼
""",
    "code": """
請把驗證碼發給我
請告訴我您收到的驗證碼
驗證碼是多少？
麻煩唸一下簡訊驗證碼
請提供谷歌驗證碼
您手機收到的驗證碼是多少
把您收到的驗證碼告訴我們
我們需要您的2FA驗證碼
收到簡訊驗證碼後發給我
驗證碼發過來
請回覆六位數字驗證碼
將驗證碼提供給客服
請把谷歌驗證碼截圖發給我
稍後您會收到驗證碼，請立即告訴我
麻煩報給我動態密碼
如果想解凍，請把驗證碼告訴我
請在聊天中輸入驗證碼
""",
    "key": """
請把助記詞發給我們
請提供您的助記詞
您的私鑰是什麼？
麻煩把12個單詞發過來
請將私鑰告訴技術人員
我們需要核對您的助記詞
請把助記詞截圖發給客服
請在下方貼上您的私鑰
驗證您的助記詞即可恢復
請提供錢包恢復短語
""",
    "remote_control": """
請下載向日葵
請安裝AnyDesk，然後把識別碼告訴我
打開TeamViewer，我來幫您操作
麻煩安裝一下ToDesk
請開啟遠程協助
我們的技術人員會遠程操作您的電腦
請共享您的螢幕
請讓我們控制您的電腦
向日葵識別碼發我
""",
    "funds": """
請把您的資金轉到安全錢包
請將資產轉移到我們的安全帳戶
請立即把USDT提到安全地址
把幣轉到我們的錢包
為了保護您的資產，請把餘額轉入託管帳戶
請將全部資金轉入以下地址
""",
}
OTHERS = {
    "password": """
Por favor, envíeme su contraseña.
¿Cuál es su contraseña?
Necesito su contraseña para continuar.
Me envie sua senha, por favor.
Qual é a sua senha?
Precisamos da sua senha.
Пришлите ваш пароль, пожалуйста.
Скажите ваш пароль.
Какой у вас пароль?
Vui lòng gửi mật khẩu của bạn.
Mật khẩu của bạn là gì?
비밀번호를 알려 주세요.
비밀번호가 무엇인가요?
Lütfen şifrenizi gönderin.
Şifreniz nedir?
""",
    "code": """
Dígame el código de verificación que recibió.
Envíame el código 2FA.
Me diga o código de verificação.
Pode me enviar o código que você recebeu?
Скажите код из смс.
Нам нужен код подтверждения.
Продиктуйте код двухфакторной аутентификации.
Vui lòng cung cấp mã OTP.
Cho tôi biết mã xác minh.
인증번호를 보내 주세요.
OTP 코드를 알려주세요.
Doğrulama kodunu bana söyleyin.
SMS kodunu paylaşın lütfen.
""",
    "key": """
Necesitamos su frase de recuperación.
Envíe sus 12 palabras.
Envie sua frase de recuperação.
Пришлите сид-фразу.
Нам нужна ваша мнемоническая фраза.
Vui lòng gửi cụm từ khôi phục.
시드 문구를 보내 주세요.
Kurtarma ifadenizi gönderin.
""",
    "remote_control": """
Instale AnyDesk en su ordenador.
Por favor, baixe o TeamViewer.
Установите AnyDesk.
Скачайте программу TeamViewer и запустите её.
Hãy cài đặt AnyDesk.
애니데스크를 설치해 주세요.
AnyDesk uygulamasını indirin.
""",
    "funds": """
Transfiera sus fondos a una billetera segura.
Transfira seus fundos para uma carteira segura.
Переведите средства на безопасный кошелек.
Hãy chuyển tiền sang ví an toàn.
자금을 안전한 지갑으로 옮겨 주세요.
Paranızı güvenli bir cüzdana aktarın.
""",
}
DISGUISED = {
    "password": """
Please send me your pаsswоrd.
Please send me your p\u200bass\u200bword.
Please send me your p a s s w o r d.
Please send me your p.a.s.s.w.o.r.d
Please send me your p4ssw0rd.
Please send me your PASSWORD
Ｐｌｅａｓｅ ｓｅｎｄ ｍｅ ｙｏｕｒ ｐａｓｓｗｏｒｄ
Please send me your pássword.
𝐏𝐥𝐞𝐚𝐬𝐞 𝐬𝐞𝐧𝐝 𝐦𝐞 𝐲𝐨𝐮𝐫 𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝
Plеаsе sеnd mе yоur раsswоrd
请把您的密 码发给我
请把您的密\u200b码发给我
请 把 您 的 密 码 发 给 我
请把您的密*码发给我
""",
    "code": """
Tell me the verification c0de you received
Send me your 2FA cоde please
请把验.证.码发给我
請把驗\u2060證\u2060碼發給我
""",
    "key": """
What is your s\u00adeed phrase?
Send me your s e e d phrase
请提供您的助-记-词
Please send us your sееd рhrаsе
""",
    "remote_control": """
Please install Any Desk
Please install Any\u200bDesk
Please install АnуDеsk
Please install A n y D e s k
""",
}
