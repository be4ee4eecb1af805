"""The labels customers and interfaces put before a number or a token, in English and Chinese.

A space in a label stands for a space, an underscore, a hyphen or nothing: "order id" is also orderId and ORDER_ID.
"""

from typing import Final

# What a number is when one of these stands just before it.
NUMBER_LABELS: Final[dict[str, tuple[str, ...]]] = {
    "uid": (
        "uid", "user id", "user no", "user number", "account id", "account no", "account number", "member id",
        "member no", "customer id", "client id", "profile id", "my id", "id no", "uid number", "uid no", "用户id",
        "用户编号", "用户号", "用户号码", "用户标识", "账户id", "账号id", "帐号id", "帐户id", "会员id", "会员号",
        "会员编号", "客户号", "客户id", "客户编号", "账户编号", "账号编号", "用戶id", "用戶編號", "帳號id", "帳戶id",
        "會員id", "我的id", "我id", "id号", "uid号", "uid号码", "uid编号", "本人id",
    ),
    "account": (
        "账号", "帐号", "帳號", "account",
    ),
    "order": (
        "order", "orders", "order id", "order ids", "order no", "order num", "order number", "order numbers",
        "order ref", "order reference", "ordid", "clordid", "orderlinkid", "trade id", "trade no", "trade number",
        "fill id", "execid", "position id", "withdraw id", "withdrawal id", "withdrawal no", "withdrawal number",
        "withdrawal order", "withdrawal request", "withdrawal ref", "withdrawal reference", "deposit id",
        "deposit no", "deposit number", "deposit order", "transfer id", "transfer no", "payment id", "wdid", "p2p id",
        "p2p no", "ad id", "订单", "订单号", "订单号码", "订单编号", "订单id", "订单号id", "单号", "委托", "委托单",
        "委托单号", "委托号", "委托编号", "委托id", "成交编号", "成交号", "成交id", "成交单号", "交易编号",
        "交易单号", "流水号", "流水单号", "提现编号", "提现单号", "提现id", "提币编号", "提币单号", "提币id",
        "提币号", "提币申请号", "提现申请号", "充值编号", "充值单号", "充值id", "充币编号", "充币单号", "充币id",
        "划转编号", "划转单号", "划转id", "转账编号", "转账单号", "申请编号", "仓位id", "策略id", "记录编号",
        "记录id", "訂單", "訂單號", "訂單編號", "訂單id", "委託單號", "提現單號", "提幣單號", "提幣編號", "單號",
    ),
    "code": (
        "ret code", "error code", "error codes", "err code", "errno", "error no", "error number", "scode",
        "return code", "result code", "错误码", "错误代码", "错误编号", "错误号", "报错码", "报错代码", "报错编号",
        "返回码", "返回代码", "异常码", "异常代码", "提示码", "提示代码", "出错代码", "故障码", "故障代码", "失败码",
        "错误码code", "错误代号", "错误code", "錯誤碼", "錯誤代碼", "失败代码", "错误信息代码", "报错code",
        "错误提示码",
    ),
    "error": (
        "error", "errors", "err", "错误", "报错", "錯誤", "報錯", "出错", "报错信息", "错误提示", "提示错误",
        "返回错误", "错误信息", "fehler", "异常", "api error",
    ),
    "status": (
        "http", "http status", "http code", "http error", "http error code", "http status code", "http/1.1", "http/2",
        "http/1.0", "status code", "http状态码", "http错误", "http错误码", "状态码", "http返回", "http状态", "狀態碼",
        "http返回码", "http response", "http报错", "http响应码", "响应码",
    ),
    "price": (
        "price", "price of", "at", "@", "entry", "avg price", "average", "stop loss", "take profit", "trading at",
        "hit", "hits", "reach", "reaches", "reached", "above", "below", "drops to", "dropped to", "fell to",
        "rose to", "goes to", "rate", "liq price", "tp", "sl", "per", "target", "价格", "价", "价位", "现价", "市价",
        "单价", "均价", "限价", "报价", "成本价", "强平价", "强平价格", "开仓价", "开仓均价", "平仓价", "止损",
        "止损价", "止盈", "止盈价", "触发价", "触发价格", "标记价格", "委托价格", "涨到", "跌到", "跌破", "突破",
        "涨破", "跌至", "涨至", "币价", "價格", "單價", "漲到", "汇率", "成交价", "成交价格", "强平", "站上", "以",
        "按", "每枚", "每个", "目标价", "最高价", "最低价", "标记价",
    ),
    "other": (
        "phone", "tel", "mobile", "phone no", "phone number", "mobile number", "call", "whatsapp", "qq", "wechat",
        "ticket", "case", "ticket number", "ticket no", "ticket id", "case number", "case id", "case no", "version",
        "ver", "build", "otp", "pin", "fax", "hotline", "ext", "zip", "postcode", "tracking number", "invoice",
        "invoice no", "bank account", "bank account number", "bank account no", "card", "card number", "card no",
        "passport", "passport no", "手机", "手机号", "手机号码", "电话", "电话号码", "微信", "微信号", "qq号", "qq群",
        "工单", "工单号", "工单编号", "验证码", "版本", "版本号", "身份证", "身份证号", "银行卡", "银行卡号",
        "银行账号", "卡号", "快递单号", "群号", "邀请码", "优惠码", "邮编", "運單號", "验证码错误", "验证码报错",
        "验证码不对", "code error", "otp error", "运单号", "护照", "护照号", "支付宝账号", "微信账号", "手机账号",
        "银行帐号", "收款账号", "qq账号", "快递号", "银行单号",
    ),
    "unnamed": ("code", "代码"),
}  # fmt: skip

# What a hash or another long token is.
TOKEN_LABELS: Final[dict[str, tuple[str, ...]]] = {
    "secret": (
        "private key", "private keys", "priv key", "secret", "secret key", "seed", "seed phrase", "mnemonic",
        "keystore", "passphrase", "password", "passwd", "api key", "api secret", "recovery key", "recovery phrase",
        "authenticator", "2fa", "totp", "私 钥", "私鑰", "秘钥", "密钥", "密鑰", "助记词", "助記詞", "密码", "种子",
        "谷歌验证", "wallet key", "signing key", "pk", "sk", "setprivatekey", "privkeys",
    ),
    "other": (
        "sha 256", "sha1", "sha512", "md5", "checksum", "commit", "git", "block hash", "public key", "pubkey",
        "signature", "sign", "merkle", "merkle root", "genesis", "fingerprint", "trace", "trace id", "request id",
        "session", "session id", "device", "device id", "csrf", "idempotency", "nonce", "client id", "build",
        "ticket", "key", "keys", "case id", "case no", "etag", "correlation id", "upload id", "message id",
        "event id", "digest of", "块哈希", "公钥", "公鑰", "签名", "指纹", "校验", "会话", "设备", "追踪", "请求id",
        "工单", "文件哈希", "区块哈希", "校验和", "设备号",
    ),
    "address": (
        "address", "addresses", "addr", "contract", "地址", "合约", "合约地址",
    ),
    "tx": (
        "tx", "tx id", "txn", "tx hash", "txs", "transaction", "transactions", "transaction id", "transaction hash",
        "hash", "hashes", "digest", "trxid", "交易哈希", "交易号", "交易id", "哈希", "哈希值",
    ),
}  # fmt: skip
