"""Pictures and films that editors upload: looked at before they are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm
from wagtail.models import ReferenceIndex

from trustdesk.knowledge import pictures
from trustdesk.staff import permissions

LARGEST_FILM: Final = 100 * 1024 * 1024  # bytes
_BEGINNING: Final = 4096  # bytes that tell what a film is
# ISO base media: size, "ftyp", brand. Pictures (heic, avif) and sound begin the same way.
_MP4_BRANDS: Final = (b"isom", b"iso", b"mp41", b"mp42", b"avc1", b"M4V", b"dash", b"MSNV")


class NoFilm(Exception):
    """The file is none that browsers play; the message says why. Trying again does not help."""


def check_film(name: str, beginning: bytes, size: int) -> None:
    """Raise NoFilm unless the file is an MP4 or a WebM, as its name says, and not too large."""
    if size > LARGEST_FILM:
        raise NoFilm(_("The film is larger than 100 MB."))
    kind = PurePath(name).suffix.lower()
    mp4 = beginning[4:8] == b"ftyp" and beginning[8:12].startswith(_MP4_BRANDS)
    webm = beginning[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in beginning[:80]
    if not (mp4 or webm):
        raise NoFilm(_("The file is no MP4 or WebM film."))
    if kind != (".mp4" if mp4 else ".webm"):
        raise NoFilm(_("The name of the film has to end as what it is: .mp4 or .webm."))


class PictureField(WagtailImageField):  # type: ignore[misc]  # Wagtail ships no types
    """Says in our words what is wrong with a picture, before anything else opens it."""

    def to_python(self, data: Any) -> Any:
        """Return the file; raise ValidationError with the reason."""
        if isinstance(data, UploadedFile):
            try:
                if (data.size or 0) > pictures.LARGEST:
                    raise pictures.NoPicture(_("The picture is larger than 10 MB."))
                data.seek(0)
                pictures.check_content(data.name or "", data.read())
            except pictures.NoPicture as error:
                raise ValidationError(str(error), code="no_picture") from error
            finally:
                data.seek(0)
        return super().to_python(data)


class _Kept:
    """Leaves alone what published articles show, unless a publisher changes it: a new file would need no review."""

    instance: Any
    changed_data: list[str]
    add_error: Callable[[str, str], None]

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)  # type: ignore[call-arg]
        self._user_id = getattr(user, "pk", None)

    def clean(self) -> Any:
        """Refuse another file in the place of one that is in use."""
        cleaned = super().clean()  # type: ignore[misc]
        exchanged = self.instance.pk and "file" in self.changed_data
        publishes = self._user_id is not None and permissions.office(self._user_id) >= permissions.Office.PUBLISHER
        if exchanged and not publishes and ReferenceIndex.get_references_to(self.instance).exists():
            self.add_error("file", _("Articles show this file. Upload the new one beside it, and choose it there."))
        return cleaned


class ImageForm(_Kept, BaseImageForm):  # type: ignore[misc]
    """A picture that draws only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "file" in self.fields:
            given: forms.Field = self.fields["file"]
            self.fields["file"] = PictureField(label=given.label, required=given.required, widget=given.widget)


class FilmForm(_Kept, BaseDocumentForm):  # type: ignore[misc]
    """A film that browsers play."""

    def clean_file(self) -> Any:
        """Return the file; refuse what is no film."""
        file = self.cleaned_data["file"]
        if isinstance(file, UploadedFile):
            file.seek(0)
            beginning = file.read(_BEGINNING)
            file.seek(0)
            try:
                check_film(file.name or "", beginning, file.size or 0)
            except NoFilm as error:
                raise ValidationError(str(error), code="no_film") from error
        return file
