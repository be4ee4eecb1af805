"""Prices and holdings that Northlight's pages show: invented, and the same every day."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

WIDTH, HEIGHT, POINTS = 120, 36, 24  # of a price line, in its own units


@dataclass(frozen=True, slots=True)
class Market:
    """One pair: price in the quote currency, change of a day in percent, and its line as the path of an SVG."""

    base: str
    quote: str
    name: str
    price: Decimal
    change: Decimal
    path: str

    @property
    def rising(self) -> bool:
        """Whether the price is above yesterday's."""
        return self.change >= 0


@dataclass(frozen=True, slots=True)
class Asset:
    """What a customer holds of one coin, and what that is worth in USDT."""

    coin: str
    amount: Decimal
    worth: Decimal


def markets() -> list[Market]:
    """List the pairs."""
    return [
        Market(base, "USDT", name, Decimal(price), Decimal(change), _path(base, float(change)))
        for base, name, price, change in _MARKETS
    ]


def assets(uid: str) -> list[Asset]:
    """List what a customer holds, the most valuable first."""
    prices = {base: Decimal(price) for base, _, price, _ in _MARKETS} | {"USDT": Decimal(1)}
    held = [
        Asset(coin, Decimal(amount), (Decimal(amount) * prices[coin]).quantize(Decimal("0.01")))
        for coin, amount in _HOLDINGS.get(uid, ())
    ]
    return sorted(held, key=lambda asset: -asset.worth)


def total(uid: str) -> Decimal:
    """Return the worth of everything a customer holds, in USDT."""
    return sum((asset.worth for asset in assets(uid)), Decimal(0))


def _path(base: str, change: float) -> str:
    """Draw a line that wanders and ends where the change of the day says."""
    random, value, values = Random(f"northlight {base}"), 0.0, []
    for point in range(POINTS):
        value += random.gauss(0, 0.55)
        values.append(value * (1 - point / POINTS) + change * point / POINTS)
    low, high = min(values), max(values)
    points = [
        (WIDTH * n / (POINTS - 1), HEIGHT - 3 - (value - low) / (high - low or 1) * (HEIGHT - 6))
        for n, value in enumerate(values)
    ]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


_MARKETS = (
    ("BTC", "Bitcoin", "61284.50", "1.82"),
    ("ETH", "Ethereum", "2486.15", "2.47"),
    ("SOL", "Solana", "134.08", "-0.94"),
    ("XRP", "XRP", "0.5214", "0.38"),
    ("TON", "Toncoin", "5.362", "-2.11"),
    ("LINK", "Chainlink", "11.87", "4.05"),
)
_HOLDINGS = {
    "100001": (("USDT", "2410.55"), ("BTC", "0.0650"), ("ETH", "1.2400")),
    "100002": (("ETH", "14.8200"), ("BTC", "0.4100"), ("USDT", "9820.00"), ("LINK", "350")),
    "100003": (("XRP", "1240"), ("USDT", "318.20"), ("SOL", "4.50")),
    "100004": (("BTC", "0.0120"), ("USDT", "45.00")),
}
