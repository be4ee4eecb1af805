"""Template tags of the design system: {% icon %}, |initials, |hue, |split, |toast_icon."""

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_TOAST_ICONS = {"success": "check", "warning": "alert", "error": "alert"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return the icon `name` of ui/icons.svg; hidden from screen readers unless a label is given."""
    return _drawn(name, label, static("ui/icons.svg"))


@lru_cache(maxsize=500)
def _drawn(name: str, label: str, url: str) -> SafeString:
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" {}><use href="{}#{}"/></svg>', said, url, name)


@register.filter
def initials(name: object) -> str:
    """Return one or two letters standing for a person: "Mei Lin" → "ML", "陈美" → "陈", "" → "?"."""
    words = str(name or "").split()
    if not words:
        return "?"
    letters = words[0][0] if len(words) == 1 or not words[0][0].isascii() else words[0][0] + words[-1][0]
    return letters.upper()


@register.filter
def hue(name: object) -> int:
    """Return 0–7, the avatar colour of a name; always the same for the same name (ui/js/names.js does the same)."""
    return sum(map(ord, str(name or ""))) % 8


@register.filter
def split(words: str) -> list[str]:
    """Return the words of a text, for a loop over names that a template knows."""
    return words.split()


@register.filter
def toast_icon(level_tag: str) -> str:
    """Return the icon that goes with a level tag of django.contrib.messages."""
    return _TOAST_ICONS.get(level_tag, "info")
