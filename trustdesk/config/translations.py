"""Translations, compiled with Babel: GNU gettext is missing on many machines."""

import io
import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

_SOURCES = "*/LC_MESSAGES/*.po"


def not_compiled(folder: Path) -> list[Path]:
    """Return the .po files below `folder` that lack their .mo file: nothing would be shown in their language."""
    return [source for source in sorted(folder.glob(_SOURCES)) if not source.with_suffix(".mo").exists()]


def compile_changed(folder: Path) -> list[Path]:
    """Compile each .po file below `folder` that is newer than its .mo file, and return those compiled."""
    changed = []
    for source in sorted(folder.glob(_SOURCES)):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        compiled = io.BytesIO()
        with open(source, "rb") as file:
            write_mo(compiled, read_po(file, locale=source.parent.parent.name))
        draft = target.with_suffix(f".mo.{os.getpid()}")  # of this process alone: several may begin at once
        draft.write_bytes(compiled.getvalue())
        draft.replace(target)
        changed.append(source)
    return changed
