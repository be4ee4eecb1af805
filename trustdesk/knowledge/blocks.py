"""What an article is made of: the blocks an editor puts one below the other.

Texts are Wagtail's rich text. What is stored may have come from anywhere (an import, an older release), so it is cleaned
again whenever it is shown: `rendering`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

INLINE: Final = ["bold", "italic", "code", "link"]
PROSE: Final = ["h2", "h3", "h4", *INLINE, "ul", "ol", "hr", "blockquote"]
YOUTUBE: Final = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?(?:youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#\s]*&)?v=|embed/|shorts/)|youtu\.be/)"
    r"(?P<id>[A-Za-z0-9_-]{11})(?:[?&#]\S*)?"
)


class CalloutKind(TextChoices):
    """How loud a callout speaks; the codes are those of Markdown's alerts, in small letters."""

    NOTE = "note", _("Note")
    TIP = "tip", _("Tip")
    WARNING = "warning", _("Warning")
    DANGER = "danger", _("Danger: money or account at risk")


class Picture(blocks.StructBlock):  # type: ignore[misc]  # Wagtail ships no types
    """One picture with what it shows in words."""

    image = ImageChooserBlock(label=_("Picture"))
    alt = blocks.CharBlock(label=_("What it shows, for who cannot see it"), max_length=300)
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=300)

    class Meta:
        icon = "image"
        label = _("Picture")


class Panel(blocks.StructBlock):  # type: ignore[misc]
    """One picture of a picture guide and what to do there."""

    image = ImageChooserBlock(label=_("Picture"))
    alt = blocks.CharBlock(label=_("What it shows, for who cannot see it"), max_length=300)
    text = blocks.RichTextBlock(label=_("What to do"), features=INLINE)

    class Meta:
        icon = "image"
        label = _("Picture with its step")


class Callout(blocks.StructBlock):  # type: ignore[misc]
    """A few sentences that must not be missed."""

    kind = blocks.ChoiceBlock(label=_("Kind"), choices=CalloutKind.choices, default=CalloutKind.NOTE)
    text = blocks.RichTextBlock(label=_("Text"), features=[*INLINE, "ul"])

    class Meta:
        icon = "warning"
        label = _("Callout")


class Video(blocks.StructBlock):  # type: ignore[misc]
    """A video: on YouTube or a file. The page asks nobody else for anything before the reader presses play."""

    title = blocks.CharBlock(label=_("Title"), max_length=120)
    youtube = blocks.CharBlock(
        label=_("Address on YouTube"), required=False, max_length=200, help_text=_("Or choose a file below.")
    )
    file = DocumentChooserBlock(label=_("File (MP4 or WebM)"), required=False)
    poster = ImageChooserBlock(label=_("Picture before it plays"), required=False)
    minutes = blocks.DecimalBlock(label=_("Length, minutes"), required=False, min_value=0, decimal_places=1)

    class Meta:
        icon = "media"
        label = _("Video")

    def clean(self, value: Any) -> Any:
        """Raise unless it is exactly one of the two, and an address we can play."""
        value = super().clean(value)
        wrong = {}
        if bool(value["youtube"]) == bool(value["file"]):
            wrong["youtube"] = ValidationError(_("Give either an address on YouTube or a file."))
        elif value["youtube"] and not youtube_id(value["youtube"]):
            wrong["youtube"] = ValidationError(_("This is not the address of a video on YouTube."))
        elif value["file"] and value["file"].file_extension not in {"mp4", "webm"}:
            wrong["file"] = ValidationError(_("Choose an MP4 or WebM file."))
        if wrong:
            raise blocks.StructBlockValidationError(wrong)
        return value


def youtube_id(address: str) -> str:
    """Return the eleven characters that name a video, or nothing."""
    found = YOUTUBE.fullmatch(address.strip())
    return found["id"] if found else ""


def _body() -> list[tuple[str, blocks.Block]]:
    return [
        ("text", blocks.RichTextBlock(label=_("Text"), features=PROSE, icon="pilcrow")),
        ("steps", blocks.ListBlock(blocks.RichTextBlock(label=_("Step"), features=[*INLINE, "ul"]), label=_("Steps"), icon="list-ol")),
        ("callout", Callout()),
        ("table", TypedTableBlock([("text", blocks.RichTextBlock(label=_("Text"), features=INLINE))], label=_("Table"), icon="table")),
        ("picture", Picture()),
        ("code", blocks.TextBlock(label=_("Lines of code"), icon="code")),
    ]  # fmt: skip


BODY: Final = _body()
GUIDE: Final = [("panel", Panel())]
VIDEOS: Final = [("video", Video())]
