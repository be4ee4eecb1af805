"""What good agents write around passwords, codes and wallets: warnings, advice, questions. None of it asks for a secret."""

SAFE = """
In none of these cases do we need a password or a code.
Under no circumstances will we need your seed phrase.
At no time do we need your 2FA code.
We will NEVER ask for your password.
We will never ask you for your password, a 2FA code or your seed phrase.
Do not share your 2FA code with anybody.
Please do not share your 2FA code with anybody, not even with us.
Never send anyone your seed phrase.
Nobody from our team will ever ask you to install AnyDesk.
No employee of ours will ask you to move your funds to a safe wallet.
Reset your password here: https://northlight.example.test/reset
You will be asked for your 2FA code on the sign-in page of the exchange.
Please enter your 2FA code on the sign-in page.
Please change your password.
Please change your password and sign out on all devices.
Please reset your 2FA in the security center.
Your password was changed yesterday.
What error do you see when you enter your password?
Did anyone ask you to install AnyDesk?
Did you give anybody your seed phrase?
Did you type your password on any page you reached through a mail?
Have you shared your password with someone?
If somebody asks you to send them a code, it is a scam.
Scammers ask you to install TeamViewer.
Please uninstall AnyDesk and restart your computer.
If you installed TeamViewer, remove it now.
I have sent you the verification code by mail.
We will send you a verification code; it goes into the page.
The code goes into the page; you never tell it to a person.
Please send me the transaction id.
Please send me a screenshot of the error message.
Please send us a screenshot of the password reset page.
Could you tell me the error code you received?
What is the error code?
Please tell me the case number and your UID.
Please share the order number.
Which verification method do you use, SMS or an authenticator app?
Does the verification code arrive?
Please try to send the code again.
Tap Send code, and enter the code on that page.
Do you have your recovery codes?
Please keep your recovery phrase offline.
Move the coins to a new wallet you made yourself.
If there is anything left in it, move it to a new wallet now, made on a device you trust.
Please transfer your USDT from the funding account to the trading account.
Send a small test deposit first.
Please send the withdrawal to your own address again.
Do not send funds to this address again.
Please use the proof page of your case; do not write the code here.
You need your password to sign in.
Your password must have eight characters.
A passkey is safer than a password.
Please tell me since when the SMS code does not arrive.
Thank you for telling me; we are having that site taken down.
What you pasted was a seed phrase. We removed it before it was stored.
No support team ever needs a seed phrase.
No legitimate person, business or support team will ever ask for your recovery phrase.
We never call you and will never ask you to share your screen.
Our staff will never ask for your password, tell you to install a program or ask you to move your coins.
Please check that the address is safe before you send your coins.
Which password do you mean, the login or the fund password?
Can you sign in with your password?
Please confirm your e-mail address on the page.
Could you send me the last four digits of the order number?
The verification code is valid for ten minutes.
我们绝不会索要您的密码
我们绝不会索要您的密码、验证码或助记词。
请勿向任何人透露验证码
请不要把验证码告诉任何人，包括我们的客服。
我们不会要求您安装任何远程控制软件。
我们永远不会让您把资金转到“安全账户”。
请您尽快修改密码
请在登录页面输入验证码。
请先停一下！您刚才发的是助记词，系统在保存之前已经自动删除。
让您发助记词的人一定是骗子。
请问有人让您安装向日葵吗？
您有没有把密码告诉过别人？
如果有人向您索要验证码，那就是诈骗。
请提供交易哈希和充值地址。
请提供一下订单号
请提供错误代码的截图
请提供密码错误的截图
请问您收到验证码了吗？
验证码收到了吗？
请重新发送验证码
系统会向您的邮箱发送验证码
验证码填在页面里，绝不告诉对方。
请点击“发送验证码”，然后在页面中填写。
您可以在安全中心重置谷歌验证码
请卸载向日葵，并修改密码。
请把钱包里的币转到您自己新建的钱包。
密码长度是多少位，页面上有说明。
请不要在聊天中发送密码
我们从不在群里主动联系用户，也永远不会索要助记词、密码或验证码。
请妥善保管您的助记词
請勿向任何人透露驗證碼
我們絕不會索要您的密碼
請您儘快修改密碼
請在登錄頁面輸入驗證碼
我們不會要求您安裝任何遠程控制軟件
I will never need your password.
We do not need your password for that.
You don't need to tell me the code.
Please keep the code to yourself; it belongs on the page.
The code is only for you. Do not give it to me.
Have you received the code? Please enter it on the page.
You should have got a code by mail. Please type it into the box on the proof page.
If the SMS does not come, let me know and I will look.
Please let me know if the 2FA reset worked.
Let us know once you have changed your password.
Let me know whether you still have your 2FA device.
Could you tell me which authenticator app you use?
What is the status of your 2FA reset?
Please confirm that you changed your password.
Please confirm that you never shared your seed phrase.
Please describe what happened after you entered the verification code.
We have received your request to change the password.
I need the transaction hash and the time of your withdrawal.
I need to reset your 2FA; please use the proof page first.
We need to check your identity; please use the page in your case.
Your withdrawal needs a 2FA code; the app will ask for it.
For withdrawals the app asks for your fund password and your 2FA code.
We'd like to know how the password was stolen.
May I ask when you changed your password?
Can I help you reset your password?
Did the caller ask for your seed phrase?
The caller asked you to send him the code, didn't he?
That person wanted you to install AnyDesk, which is a typical scam.
I see that AnyDesk was installed. Please remove it.
Please use a safe wallet of your own.
Please withdraw to a wallet address that you control.
Your funds are in a safe account.
Please write down your recovery phrase on paper and keep it safe.
Please back up your seed phrase offline.
When you import the wallet, the app asks for your seed phrase.
You can export the private key in your wallet's settings; keep it to yourself.
Please provide the order number, not the password.
请您放心，我们不需要您的密码。
您不用把验证码告诉我。
验证码只能由您本人在页面输入。
请问您是否更换过手机？谷歌验证码需要重新绑定。
请问您最近有没有在其他网站输入过密码？
麻烦您确认一下密码是否修改成功
请您提供提现时间和金额
请您在安全中心修改资金密码
请您查收邮件中的验证码并在页面上填写
如收不到验证码，请告诉我们您的手机号所属国家
请告诉我们收不到验证码的具体时间
请提供登录失败的截图
请把助记词抄在纸上妥善保管
请妥善保管私钥，不要发给任何人
对方让您提供验证码，是诈骗
我们会核实您的资料，请耐心等待
提现需要输入验证码和资金密码，这是系统要求
请不要相信让您转到安全账户的电话
請您放心，我們不需要您的密碼
請查收郵件中的驗證碼並在頁面上填寫
麻煩您確認密碼是否修改成功
Please tell me which code you mean.
Please enter the code on the page that opens.
The password reset link is valid for one hour; please open it on your own device.
I can't see your password, and I don't need it.
Please don't send your password; use the reset link instead.
Thanks! Please set a new password and turn on 2FA.
Can you tell me whether the code arrived?
Please write us the last digits of the transaction.
For your security, we ask for a code when you sign in.
Please have your phone with the authenticator app ready, the page will ask for the code.
Could you send me a screenshot of the deposit address page?
Send the coins to the deposit address shown in the app.
Please use your new deposit address for further deposits.
Your API key needs a new IP allow list.
Please give me the public key or API key id, never the secret.
You can share the reference number with your bank.
Please provide the transaction hash and the address.
Please provide the postal code of your address.
What is the country code of your phone number?
Please tell me your promo code.
Please share your referral code with friends.
Could you please share the error code and the time?
We'll connect you to a colleague.
You can connect your wallet on the page.
Please download the app again from our site.
Please open the account page and check the status.
Please install the latest version of the app.
I opened an access request for you.
Your account is safe. Please withdraw to your own wallet.
You can withdraw your USDT to any address you control.
Move funds from Spot to Futures with Transfer.
请您重新登录并修改密码
您的验证码是否收到？
请在页面中填写验证码
验证码有效期是多少分钟？
请问您使用的是短信验证码还是谷歌验证码？
请提供充值的交易哈希，我们帮您核对。
请把报错截图发给我
请告诉我您的UID
请把收到的邮件截图发给我
请提供注册邮箱
请把资金从现货账户划转到合约账户
请确认充值地址是否正确
请更新APP后再试
请打开安全中心，点击重置密码
我已经把重置密码的链接发给您
密码重置后24小时内不能提现
我们已向您的手机发送验证码，请在页面输入
您可以远程冻结账户
Nunca le pediremos su contraseña.
No comparta su código de verificación con nadie.
Cambie su contraseña, por favor.
Nunca pedimos a sua senha.
Não compartilhe o código de verificação com ninguém.
Мы никогда не просим пароль.
Никому не сообщайте код из смс.
Смените пароль, пожалуйста.
Chúng tôi không bao giờ hỏi mật khẩu của bạn.
Đừng gửi mã OTP cho bất kỳ ai.
저희는 비밀번호를 절대 묻지 않습니다.
인증번호를 누구에게도 알려주지 마세요.
Şifrenizi asla sormayız.
Doğrulama kodunuzu kimseyle paylaşmayın.
Please share your screen resolution and browser version.
Please provide the PIN code of your address, as Indian post requires.
请告诉我验证码是否收到。
请告诉我您什么时候修改的密码。
请告诉我是登录密码还是资金密码有问题。
请告诉我输入密码后页面提示什么。
设置资金密码后告诉我一声。
请告诉我您备份的助记词是否还在。
请您提供提现地址和验证码发送时间。
请提供验证码发送时间。
请告诉我验证码有没有收到。
请告知您是否收到验证码。
请告诉我验证码发到哪个邮箱。
请告诉我验证码是短信还是邮箱收不到。
请告诉我您用的是短信验证码还是谷歌验证码。
输入验证码后请告诉我页面提示。
请提供接收验证码的邮箱。
请您回复一下验证码是否正常。
请提供API密钥的名称。
请告诉我密钥的权限设置。
需要您重新设置资金密码后再提现。
需要您先修改密码。
您的密码是什么时候修改的？
Please let me know once the password is changed.
We need your UID to resend the verification code.
Your verification code, please check the spam folder.
Please send me the number that you sent the payment from.
Please send me the number you received the call from.
Please give me the phone number you received the code on.
Please tell me the email address the code was sent to.
Please share your screen recording with us.
Please let the app access your phone's camera.
Please transfer the USDT to our deposit address as shown in your account.
You can transfer USDT to the company account of your own business.
"""
