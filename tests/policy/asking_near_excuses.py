"""What asks a customer for a secret in or beside words that are excused elsewhere ("whether it came", "once it is set")."""

NEAR_EXCUSES = {
    "code": """
请告诉我验证码是否收到。发送到这里
请告诉我验证码有没有收到。转我
请告诉我验证码是否收到，发到这里
请告诉我验证码有没有收到，请输入
请告诉我验证码发到哪个邮箱，是什么
请告诉我验证码是否收到，前三位
Your verification code, please check the spam folder and the digits
We need your UID to resend the verification code and the code itself
Please send me the number you received the call from, and the code from your phone
请告诉我是否收到验证码，把验证码发给我
请告诉我验证码是否收到，收到后发给我
请告诉我验证码是否收到，是多少
请告知您是否收到验证码，验证码是多少
请告诉我验证码有没有收到，有的话把数字发过来
请告诉我验证码发到哪个手机以及验证码内容
请提供验证码发送时间和验证码
请提供验证码发送给我
请告诉我验证码是短信还是邮箱收到的，念一下
请告诉我您用的是短信验证码还是谷歌验证码，并提供给我
请您回复一下验证码是否正常，并告诉我数字
请提供接收验证码的邮箱和验证码
输入验证码后请把验证码发给我
收到验证码后请告诉我
输入验证码后告诉我验证码
请告诉我您刚才输入的验证码
请告知您是否收到验证码及验证码内容
请告诉我验证码是什么时候收到的，发我看看
请告诉我输入验证码后的验证码
tell me once you have it, then send me the code
Tell me once the code has arrived what it is, then send me the code.
We need your UID and the verification code.
We need your UID to resend the verification code, then send me the code.
We need your phone to resend the code, and tell us the code you received.
We need your UID to resend the verification code and you to read it to me.
We need your verification code.
We need you to send us the verification code.
Your verification code, please.
Your verification code, please send it.
Your verification code, please check and read it to me.
Your verification code, please check and send it here.
Please send me the number that you received.
Please send me the number that was sent to your phone.
Please send me the number you received by SMS.
Please send me the number you received from the call.
Please give me the phone number and the code you received on it.
Please give me the number you received on the phone.
Please tell me the email address and the code that was sent to it.
Please tell me the code that was sent to your email address.
Please tell me by email the code you were sent.
请告诉我验证码是否收到。收到就发给我
请告诉我验证码有没有收到。有的话发我
请告诉我验证码是否收到，直接打在这里
请告诉我验证码是否以4开头
请提供验证码发送时间和内容
""",
    "password": """
您的密码是什么时候修改的，发我
您的密码是什么时候修改的，还有具体是哪几位
请告诉我您什么时候修改的密码，以及新的
您的资金密码忘记了吗？发我
请告诉我是登录密码还是资金密码有问题，我这边核对一下
Please let me know once the password is changed and its value
Please let me know once the password is changed, then we log in
请告诉我您什么时候修改的密码，新密码是多少
请告诉我您什么时候修改的密码，密码发我
请告诉我您修改的密码
请告诉我您修改后的密码
请告诉我您设置的资金密码
请告诉我您设置的密码是什么
请告诉我是登录密码还是资金密码，把密码发给我
请告诉我是登录密码还是资金密码有问题，密码是多少
请告诉我输入密码后页面提示什么，密码也告诉我
设置资金密码后告诉我密码
设置资金密码后把密码告诉我
设置资金密码后告诉我一声，把密码发我
修改密码后告诉我一声，新密码是多少
需要您修改前的密码
需要您设置的资金密码
需要您新的密码
需要您先修改密码，再把密码告诉我
需要您重新设置资金密码后发给我
您的密码是什么
您的密码是什么时候修改的，是多少？密码发我
您的资金密码忘记了吗？没忘的话，请告诉我
您的密码忘记了吗？把密码告诉我
Please let me know once the password is changed and what the new one is.
Let me know once your password is reset and send it to me.
Please send me at once your password.
Let me know at once the password you use.
Let me know the password once it is changed.
Please provide the PIN code of your account.
Please provide the PIN code of your card and address.
Please provide your PIN code.
Please provide the PIN code of your address to unlock the wallet.
Let me know once the password is changed, then pass it over
""",
    "key": """
请告诉我您备份的助记词是否还在，把助记词拍照发我
请告诉我您备份的助记词是否还在，读一下
请提供API密钥的名称和密钥
请提供密钥
请告诉我密钥的权限设置和密钥
请告诉我私钥是什么
请告诉我助记词是否完整，念给我听
请告诉我助记词的名称
""",
    "remote_control": """
Please share your screen recording so I can see it
Please share your screen.
Please share your screen with me.
Please share your screen recording live with me while you log in.
Please share your screen resolution and your screen.
Let me access your phone's camera.
Please let the app access your phone.
Let the technician access your phone's camera.
""",
    "funds": """
Please transfer the USDT to our deposit address.
Please transfer the USDT to our deposit address shown below.
Please transfer the USDT to our deposit address as shown in this chat.
Please transfer the USDT to our safe address as shown in your account.
Please transfer the USDT to our deposit address as shown in your account chat.
Transfer your USDT to the company account of your own manager.
Transfer your USDT to the company account.
Transfer your USDT to our own company account.
""",
}
