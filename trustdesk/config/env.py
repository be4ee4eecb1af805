"""The only reader of the environment.

Every value is read through one of the typed getters below. A bad or missing value does not raise at once: it is
noted, a harmless stand-in is returned, and `refuse` raises a single error naming every bad key, so that an operator
mends a configuration in one round instead of ten.
"""

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

# A mounted secret is a line in a file; anything larger is the wrong file.
MAX_SECRET_FILE_BYTES = 64 * 1024

_problems: dict[str, str] = {}
_read: set[str] = set()


def _raw(key: str) -> str:
    _read.add(key)
    return os.environ.get(key, "").strip()


def keys_read() -> frozenset[str]:
    """Name every key read so far in this process (without the `_FILE` variants of secrets)."""
    return frozenset(_read)


def text(key: str, *, default: str | None = None) -> str:
    """Read a text. Without a default the key is required: blank or absent is a problem."""
    value = _raw(key)
    if value:
        return value
    if default is None:
        reject(key, "is required")
        return ""
    return default


def secret(key: str, *, default: str | None = None, min_length: int = 0) -> str:
    """Read a secret from `key`, or from the file that `<key>_FILE` names (how containers mount secrets)."""
    value = _raw(key)
    path = os.environ.get(f"{key}_FILE", "").strip()
    if value and path:
        reject(key, f"is set twice: as {key} and as {key}_FILE")
    elif path:
        try:
            with open(path, encoding="utf-8") as file:
                value = file.read(MAX_SECRET_FILE_BYTES).strip()
        except (OSError, UnicodeDecodeError) as error:
            # The reason only: a path or a content may itself tell something.
            reject(key, f"{key}_FILE cannot be read ({type(error).__name__})")
            return ""
    if not value:
        if default is None:
            reject(key, f"is required (or {key}_FILE)")
            return ""
        return default
    if len(value) < min_length:
        reject(key, f"is too short: {min_length} characters at least")
    return value


def integer(key: str, *, default: int, minimum: int, maximum: int) -> int:
    """Read a whole number between `minimum` and `maximum`, both included."""
    value = _raw(key)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        reject(key, "is not a whole number")
        return default
    if not minimum <= number <= maximum:
        reject(key, f"must be between {minimum} and {maximum}")
        return default
    return number


def boolean(key: str, *, default: bool) -> bool:
    """Read yes or no. Only 1, 0, true, false, yes, no, on, off are understood: a typo must not mean "no"."""
    value = _raw(key).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    reject(key, "is neither yes nor no")
    return default


def choice(key: str, *, default: str, choices: tuple[str, ...]) -> str:
    """Read one of `choices`."""
    value = _raw(key) or default
    if value not in choices:
        reject(key, f"must be one of {', '.join(choices)}")
        return default
    return value


def words(key: str, *, default: tuple[str, ...] | None = None) -> list[str]:
    """Read a list, separated by commas. Without a default an empty list is a problem."""
    found = [word.strip() for word in _raw(key).split(",") if word.strip()]
    if found:
        return found
    if default is None:
        reject(key, "is required")
        return []
    return list(default)


def path(key: str, *, default: Path) -> Path:
    """Read a folder or file name; a relative one is taken from the current directory."""
    value = _raw(key)
    return Path(value).expanduser().absolute() if value else default


def address(key: str, value: str, *, schemes: tuple[str, ...], example: str) -> SplitResult:
    """Take the address `value` of `key` apart. Blank is no problem here; anything that is no address is."""
    try:
        parts = urlsplit(value)
        understood = not value or (parts.scheme in schemes and bool(parts.hostname) and parts.port != 0)
    except ValueError:  # of a broken IPv6 address or port
        understood = False
    if understood:
        return parts
    reject(key, f"is not an address such as {example}")
    return urlsplit("")


def origins(key: str, *, default: tuple[str, ...] | None = None, schemes: tuple[str, ...] = ("https",)) -> list[str]:
    """Read web origins (`https://example.com`, no path, no wildcard: they end up in a security header)."""
    found = words(key, default=default)
    for origin in found:
        parts = address(key, origin, schemes=schemes, example=f"{schemes[0]}://example.com")
        if f"{parts.scheme}://{parts.netloc}" != origin or set(origin) & set("*;,'\" @"):
            reject(key, f"holds {origin!r}, which is not an origin such as {schemes[0]}://example.com")
    return found


def inherited() -> dict[str, str]:
    """Return a copy of the whole environment, for a child process."""
    return dict(os.environ)


def reject(key: str, reason: str) -> None:
    """Note that `key` is bad, for `refuse` to report; the first reason given for a key is kept."""
    _problems.setdefault(key, reason)


def problems() -> dict[str, str]:
    """Return the problems noted so far, by key."""
    return dict(_problems)


def refuse() -> None:
    """Raise one ImproperlyConfigured that names every bad key; do nothing when there is none."""
    if _problems:
        lines = "\n".join(f"  {key} {reason}" for key, reason in sorted(_problems.items()))
        raise ImproperlyConfigured(f"Trustdesk does not start. Mend these settings (see .env.example):\n{lines}")
