"""Evidence: what a customer wrote that staff can look up, recognised in free text and checked in form fields.

`recognise(text)` finds facts; `check(kind, value, chain=…)` judges one field and says what would help.

Kinds and how their values are written:
- order_id: order, trade, withdrawal or deposit number of the exchange: digits, a UUID in small letters, or as written.
- tx_id: transaction id without the explorer's link around it; hexadecimal in small letters (XRP and Cosmos: capitals).
- address: as written (capitals of 0x addresses are their checksum).
- uid: digits. · pair: "BTC/USDT". · error_code: "10003", "-1021", "HTTP 403", "ERR_CONNECTION_RESET".
- amount: plain decimal ("1000.5"), ticker in `coin` ("USDT"; "100U" and "2万U" are USDT, ￥ is CNY).
- time: ISO 8601 as precise as written; see `times`. · link: an explorer's page that shows neither of the above.

`chain` is one of `chains.CHAINS`, or, from an explorer's link, the network of the 0x family ("bsc", "polygon" …:
`family` gives "evm" for them). It is "" where the form fits several chains and nothing beside it says which: 64
hexadecimal digits without 0x could be any of `chains.HEX_CHAINS`.
"""

from trustdesk.policy.evidence.chains import CHAINS, EVM_NETWORKS, family
from trustdesk.policy.evidence.facts import Check, Fact
from trustdesk.policy.evidence.fields import check
from trustdesk.policy.evidence.recognition import recognise

__all__ = ["CHAINS", "EVM_NETWORKS", "Check", "Fact", "check", "family", "recognise"]
