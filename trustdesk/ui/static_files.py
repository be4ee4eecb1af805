"""Where styles and scripts are: a release's files do not move, so each address is made once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from whitenoise.storage import CompressedStaticFilesStorage


class StaticFiles(CompressedStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise ships no types
    """Static files, packed; a page names some fifty of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = lru_cache(maxsize=2000)(super().url)

    def url(self, name: str | None, force: bool = False) -> str:
        """Return the address of a file; `force` is of storages that put a hash into the name."""
        return str(self._address(name))
