"""Secrets that the wording beside them makes secrets, in English and Chinese, and the same tokens that are none."""

import random
import uuid

import pytest

from trustdesk.policy import guard

CHANCE = random.Random(7)


def chars(alphabet: str, size: int) -> str:
    return "".join(CHANCE.choices(alphabet, k=size))


HEX = "".join(chars("0123456789abcdef", 64))
OTHER = "".join(chars("0123456789abcdef", 64))
ADDRESS = "0x" + chars("0123456789abcdef", 40)
TRON = "T" + chars("123456789ABCDEFGHJKLMNPQRSTUVWXYZ", 33)
SECRET = chars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 36)
BASE32 = "K5QXIZLSEB2GQ2LTEBUXGIDB"
GROUPS = "k5qx izls eb2g q2lt"
UUID = str(uuid.UUID(int=CHANCE.getrandbits(128)))
FACTS = {"h": HEX, "o": OTHER, "a": ADDRESS, "tron": TRON, "s": SECRET, "b": BASE32, "g": GROUPS, "u": UUID}

# The kind, and the text with what must go between bars.
SECRETS = [
    ("private_key", "private key: |{h}|"),
    ("private_key", "Private Key |0x{h}|"),
    ("private_key", "here is my private key |{h}| please import it"),
    ("private_key", "my wallet's private key is |{h}|"),
    ("private_key", "the private key (hex): |{h}|"),
    ("private_key", "Private key (keep it safe): |{h}|"),
    ("private_key", "private key for my ETH wallet: |{h}|"),
    ("private_key", "private key of {a} is |{h}|"),
    ("private_key", "private key for address {a}: |{h}|"),
    ("private_key", "address: {a}\nprivate key: |{h}|"),
    ("private_key", "|{h}| is my private key"),
    ("private_key", '{{"privateKey":"|{h}|"}}'),
    ("private_key", 'PrivateKey.from_bytes(bytes.fromhex("|{h}|"))'),
    ("private_key", "PRIVATE_KEY=|{h}|"),
    ("private_key", "export PRIVKEY='|0x{h}|'"),
    ("private_key", "priv: |{h}|"),
    ("private_key", "secret key |{h}|"),
    ("private_key", "sk=|{h}|"),
    ("private_key", "view key |{h}|"),
    ("private_key", "master seed: |{h}|"),
    ("private_key", "key: |{h}|"),
    ("private_key", "my key is |{h}|"),
    ("private_key", "私钥：|{h}|"),
    ("private_key", "我的私钥 |{h}| 帮我看看"),
    ("private_key", "这是我的私钥|{h}|"),
    ("private_key", "钱包私钥如下：\n|{h}|\n请帮我导入"),
    ("private_key", "地址 {tron} 私钥 |{h}|"),
    ("private_key", "|{h}| 是我的私钥"),
    ("private_key", "|{h}|（私钥）"),
    ("private_key", "私鑰:|{h}|"),
    ("private_key", "密钥：|{h}|"),
    ("private_key", "ｐｒｉｖａｔｅ\u3000ｋｅｙ：|{h}|"),
    ("private_key", "pri\u200bvate key\u00a0|{h}|"),
    ("private_key", "clave privada: |{h}|"),
    ("private_key", "приватный ключ: |{h}|"),
    ("private_key", "clé privée : |{h}|"),
    ("private_key", "秘密鍵：|{h}|"),
    ("private_key", "개인키: |{h}|"),
    ("api_secret", "API secret: |{s}|"),
    ("api_secret", "apiSecret=|{s}|"),
    ("api_secret", "API key {u}, secret: |{s}|"),
    ("api_secret", "API key: {h}\nAPI secret: |{s}|"),
    ("api_secret", "'secretKey': '|{s}|'"),
    ("api_secret", "aws_secret_access_key = |{s}|"),
    ("api_secret", "client_secret=|{s}|"),
    ("api_secret", "my api secret is |{u}|"),
    ("api_secret", "-H 'X-API-SECRET: |{s}|'"),
    ("api_secret", "access token: |{s}|"),
    ("api_secret", "refresh_token=|{s}|"),
    ("api_secret", "API密钥：|{s}|"),
    ("api_secret", "api密钥是 |{s}|，现在报错"),
    ("api_secret", "Secret Key 是 |{s}|"),
    ("api_secret", "passphrase: |Abc123!xyz|"),
    ("totp_seed", "2FA secret: |{b}|"),
    ("totp_seed", "my 2FA secret key is |{b}|"),
    ("totp_seed", "my authenticator secret key is |{g}|"),
    ("totp_seed", "2fa: |{b}|"),
    ("totp_seed", "backup key for 2FA is |{b}|"),
    ("totp_seed", "google authenticator recovery key: |{b}|"),
    ("private_key", "private key (2FA is off): |{h}|"),
    ("totp_seed", "TOTP: |{b}|"),
    ("totp_seed", "my google authenticator key is |{g}|"),
    ("totp_seed", "the authenticator app's setup key |{b}|"),
    ("totp_seed", "谷歌验证器密钥：|{b}|"),
    ("totp_seed", "谷歌验证密钥 |{g}|"),
    ("totp_seed", "身份验证器备份密钥 |{b}|"),
]

PUBLIC = [
    "{h}",
    "0x{h}",
    "tx hash: {h}",
    "txid {h}",
    "transaction 0x{h} is confirmed",
    "交易哈希：{h}",
    "哈希 {h} 一直没到账",
    "https://etherscan.io/tx/0x{h}",
    "my key does not work: https://etherscan.io/tx/0x{h}",
    "my private key is safe. tx hash: {h}",
    "I never shared my private key, the transaction is {h}",
    "tx {h} my private key was never shared",
    "the private key was stolen and the money went out in {h}",
    "I lost my private key, here is hash {h}",
    "wallet address 0x{h}, private key lost",
    "哈希 {h} 我没有泄露私钥",
    "私钥没有泄露，交易 {h}",
    "私钥丢了，转账哈希{h}",
    "私钥对应的地址：0x{h}",
    "提币 {h} 未到账，密钥已重置",
    "公钥：{h}",
    "public key {h}",
    "pubkey={h}",
    "idempotency key: {h}",
    "partition key {h}",
    "API key: {s}",
    "api key id {s}",
    "address {a}",
    "deposit address {tron}",
    "充值地址 {tron}",
    "token: {a}",
    "token contract {a}",
    "Sui address 0x{h}",
    "order id {u}",
    "订单号 {u}",
    "orderLinkId: cli_order_001, orderId 1898976123321221120",
    "request id {u} traceId {h}",
    "block hash {h}, state root {o}",
    "sign={h}",
    "sha256: {h}",
    "secret question about order {u}",
    "secret: yes, keep the promotion SUMMER-2024-PROMOTION",
    "seed round investors, contract {a}",
    "the risk desk asked for task {h}",
    "please reset my 2FA, the authenticator is lost, case K7M-4Q2-X9H2",
    "my 2FA problem has the reference {b}",
    "我的谷歌验证器丢了，手机号 13800138000，UID 88123456",
    "withdraw passphrase: I forgot it",
    "the setup key does not work when I type these four word sets",
    "private key",
    "私钥：",
]


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_named_secrets_are_masked(kind: str, text: str) -> None:
    before, secret, after = text.split("|")
    before, secret, after = (part.format(**FACTS) for part in (before, secret, after))
    masked = guard.mask(before + secret + after)
    assert masked.text == f"{before}[••• {kind}]{after}"
    assert masked.found == (guard.Finding(kind=kind, start=len(before), end=len(before) + len(secret)),)
    assert guard.mask(masked.text) == guard.Masked(text=masked.text, found=())


@pytest.mark.parametrize("text", PUBLIC)
def test_the_same_tokens_without_such_wording_stay(text: str) -> None:
    written = text.format(**FACTS)
    assert guard.mask(written) == guard.Masked(text=written, found=())


@pytest.mark.parametrize("between", ["\n", ", ", " ", "; ", "、", "\n2. ", " | "])
def test_a_list_of_private_keys_has_the_wording_once(between: str) -> None:
    assert guard.mask(f"private keys: {HEX}{between}{OTHER}").text == (
        f"private keys: [••• private_key]{between}[••• private_key]"
    )


def test_a_list_of_private_keys_may_be_long() -> None:
    made = [chars("0123456789abcdef", 64) for _ in range(200)]
    assert guard.mask("my private keys\n" + "\n".join(made)).text.count("[••• private_key]") == 200


def test_a_hash_after_a_key_stays() -> None:
    for text in (f"private key {HEX} and the hash {OTHER}", f"私钥 {HEX}，交易哈希 {OTHER}"):
        masked = guard.mask(text).text
        assert HEX not in masked
        assert OTHER in masked


@pytest.mark.parametrize("size", [63, 65])
def test_a_digit_lost_or_doubled_does_not_save_a_named_key(size: int) -> None:
    assert guard.mask(f"private key: {chars('0123456789abcdef', size)}").text == "private key: [••• private_key]"


def test_an_address_named_as_a_key_stays() -> None:
    """People confuse the two, and the address is what staff need."""
    assert guard.mask(f"my private key is {ADDRESS}").found == ()
