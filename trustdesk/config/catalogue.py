"""What is marked for translation, and whether it is translated: keeps locale/ in step with the source.

`bin/translations extract` and `bin/translations check`. Babel reads Python, and templates once Django's `templatize`
has turned their tags into calls of gettext; GNU gettext is not needed.
"""

import argparse
import re
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as extract_messages
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from trustdesk.config import translations

BASE_DIR = Path(__file__).resolve().parent.parent.parent
SOURCES = BASE_DIR / "trustdesk"
LOCALES = BASE_DIR / "locale"

_LONE = re.compile(r"(?<!%)(?:%%)*%(?![%(])")
_SINGLE, _PLURAL, _CONTEXT, _BOTH = None, (1, 2), ((1, "c"), 2), ((1, "c"), 2, 3)
_KEYWORDS = {
    "_": _SINGLE,
    **{f"gettext{end}": _SINGLE for end in ("", "_lazy", "_noop")},
    **{f"ngettext{end}": _PLURAL for end in ("", "_lazy")},
    **{f"pgettext{end}": _CONTEXT for end in ("", "_lazy")},
    **{f"npgettext{end}": _BOTH for end in ("", "_lazy")},
}
# Texts of allauth and Django that staff read on our pages and in notices: their own Chinese has other words.
_BORROWED: tuple[str | tuple[str, str], ...] = (
    "Authenticator App Activated",
    "Authenticator App Deactivated",
    "Authenticator app activated.",
    "Authenticator app deactivated.",
    "Authenticator code",
    "Code",
    "Current Password",
    "Email",
    "Email address",
    "Enter an authenticator code:",
    "Hello from %(site_name)s!",
    "Incorrect code.",
    "Incorrect password.",
    "New Password (again)",
    "New Recovery Codes Generated",
    "A new set of Two-Factor Authentication recovery codes has been generated.",
    "A new set of recovery codes has been generated.",
    "Password (again)",
    "Password Set",
    "Save them  in a secure location now — they won't be shown again.",
    "Security Key Added",
    "Security Key Removed",
    "The email address and/or password you specified are not correct.",
    "Use a security key",
    "Use authenticator app or code",
    "You are receiving this mail because the following change was made to your account:",
    "You have signed out.",
    "Your password can’t be a commonly used password.",
    "Your password can’t be too similar to your other personal information.",
    "Your password has been set.",
    (
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
    ),
)
# What a translation must take over as it is: %(name)s and %%, {name}, markup.
_FIXED = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\w*\}|</?[a-z][^>]*>")


def wanted() -> Catalog:
    """Return everything that is to be translated: what is marked in the source, and what is borrowed."""
    found = extract(SOURCES)
    for text in _BORROWED:
        found.add(text, locations=[("borrowed", 0)])
    return found


def extract(folder: Path) -> Catalog:
    """Return every message marked in the Python files and templates below `folder`, in the order of the files."""
    found = Catalog()
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py":
            source = path.read_bytes()
        elif path.suffix in (".html", ".txt") and "templates" in path.parts:
            # In brackets, because there Python does not mind how lines are indented.
            source = f"({templatize(path.read_text(encoding='utf-8'), origin=str(path))}\n)".encode()
        else:
            continue
        place = path.relative_to(folder.parent).as_posix()
        for line, message, comments, context in extract_messages(
            "python", BytesIO(source), _KEYWORDS, comment_tags=("Translators:",)
        ):
            found.add(message, locations=[(place, line)], auto_comments=comments, context=context)
    return found


def update(*, source: Path, messages: Catalog) -> None:
    """Rewrite the .po file `source` for exactly these messages; translations they already have stay."""
    catalogue = read(source)
    # A guess from a similar message would only be fuzzy, and what is fuzzy is not shown.
    catalogue.update(messages, no_fuzzy_matching=True, update_creation_date=False)
    text = BytesIO()
    write_po(text, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    source.write_bytes(text.getvalue())


def read(source: Path) -> Catalog:
    """Read a .po file; its language is the folder it lies in."""
    with open(source, "rb") as file:
        return read_po(file, locale=source.parent.parent.name)


def problems(*, catalogue: Catalog, messages: Catalog) -> list[str]:
    """Say for each message that `catalogue` does not translate properly what is wrong, one line each; [] is fine."""
    return [
        f"{', '.join(sorted({place for place, _line in message.locations}))}: {_forms(message.id)[0]!r} {reason}"
        for message in messages
        if message.id and (reason := _problem(message, catalogue))
    ]


def _problem(message: Message, catalogue: Catalog) -> str:
    source = _forms(message.id)
    found = catalogue.get(source[0], context=message.context)
    if found is None or not all(_forms(found.string)):
        return "is not translated"
    if found.fuzzy:
        return "is marked fuzzy"
    # One that has become a plural, or has ceased to be one, is looked up in vain.
    if len(_forms(found.id)) != len(source) or (len(source) > 1 and len(_forms(found.string)) != catalogue.num_plurals):
        return "has other plural forms"
    # The plural is the form with the number in it, and in Chinese the only one.
    fixed = Counter(_FIXED.findall(source[-1]))
    if any(Counter(_FIXED.findall(text)) != fixed for text in _forms(found.string)):
        return f"needs exactly {' '.join(fixed.elements()) or 'no placeholders'}"
    if any(one.startswith("%(") for one in fixed) and any(_LONE.search(text) for text in _forms(found.string)):
        return "has a lone %, so Django would show the English text"
    return ""


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def main() -> int:
    """Extract, check or compile, as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="bin/translations", description="Keep locale/ in step with the source.")
    parser.add_argument("act", choices=("extract", "check", "compile"))
    act = parser.parse_args().act
    if act == "compile":
        translations.compile_changed(LOCALES)
        return 0
    messages = wanted()
    left = 0
    for source in sorted(LOCALES.glob("*/LC_MESSAGES/django.po")):
        if act == "extract":
            update(source=source, messages=messages)
        wrong = problems(catalogue=read(source), messages=messages)
        left += len(wrong)
        wrong.append(f"{source.relative_to(BASE_DIR)}: {len(messages)} messages, {len(wrong)} to do")
        sys.stdout.write("\n".join(wrong) + "\n")
    return 1 if left and act == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
