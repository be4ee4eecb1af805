"""Articles and what surrounds them. Pages are Wagtail's: drafts, review, schedule, history and translations are its own.

Addresses: /help/<language>/<section>/…/<article>/. A tree per language, tied together by `translation_key`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    PageChooserPanel,
    TabbedInterface,
)
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page, PagePermissionTester

from trustdesk.knowledge import blocks, editing, previews

PREFIX = "/help/"  # where the surface `helpcenter` serves these pages
MOST_WORDS = 60


class Icon(models.TextChoices):
    """The drawings a section may carry: names in `ui/icons.svg`."""

    USER = "user", _("Person")
    ID = "id", _("Identity card")
    SHIELD = "shield", _("Shield")
    ARROW_DOWN = "arrow-down", _("Arrow down")
    ARROW_UP = "arrow-up", _("Arrow up")
    SWAP = "swap", _("Two arrows")
    CHART = "chart", _("Chart")
    LAYERS = "layers", _("Layers")
    PERCENT = "percent", _("Percent")
    LIST = "list", _("List")
    CODE = "code", _("Brackets")
    GIFT = "gift", _("Gift")
    MESSAGE = "message", _("Message")
    BOOK = "book", _("Book")
    MEGAPHONE = "megaphone", _("Megaphone")


class HelpPage(Page):  # type: ignore[misc]  # Wagtail ships no types
    """What all pages of the help center share; no table of its own."""

    show_in_menus_default = False
    admin_default_ordering = "ord"  # as readers see them
    private_page_options: ClassVar[list[str]] = []  # what is published, is public
    promote_panels: ClassVar[list[Any]] = [
        MultiFieldPanel(["slug", "seo_title", "search_description"], heading=_("Address and search engines"))
    ]

    class Meta:
        abstract = True

    def get_url_parts(self, request: HttpRequest | None = None) -> tuple[int, str, str] | None:
        """Return (site, root address, path): ours, and the path is `helpcenter`'s, not the tree's."""
        parts = super().get_url_parts(request=request)
        if parts is None:
            return None
        # url_path: /<home>/<section>/<article>/
        below = self.url_path.strip("/").split("/")[1:]
        return parts[0], settings.PUBLIC_URL, "/".join([PREFIX.rstrip("/"), self.locale.language_code, *below]) + "/"

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send to the address of the help center; Wagtail's own way to a page is used for previews alone."""
        return HttpResponseRedirect(self.get_url_parts(request)[2])  # type: ignore[index]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Show the draft as the surface will show it."""
        return previews.show(self, request)


class _Stays(PagePermissionTester):  # type: ignore[misc]
    """The homes were made with the languages: they are neither taken away nor moved, by nobody."""

    def can_delete(self, ignore_bulk: bool = False) -> bool:
        return False

    def can_unpublish(self) -> bool:
        return False

    def can_move(self) -> bool:
        return False

    def can_copy(self) -> bool:
        return False


class HelpHome(HelpPage):
    """The root of one language's tree."""

    is_creatable = False

    intro = models.CharField(_("sentence below the title"), max_length=200, blank=True)

    parent_page_types: ClassVar[list[str]] = ["wagtailcore.Page"]
    subpage_types: ClassVar[list[str]] = ["knowledge.Section"]
    content_panels: ClassVar[list[Any]] = [*Page.content_panels, FieldPanel("intro")]
    promote_panels: ClassVar[list[Any]] = [
        MultiFieldPanel(["seo_title", "search_description"], heading=_("Search engines"))
    ]

    class Meta:
        verbose_name = _("Help center, one language")

    def permissions_for_user(self, user: Any) -> PagePermissionTester:
        """Say what one may do to it; adding sections below is asked of it too."""
        return _Stays(user, self)


class Section(HelpPage):
    """A shelf of articles, or of smaller sections."""

    summary = models.CharField(_("what it is about"), max_length=200, blank=True)
    icon = models.CharField(_("drawing"), max_length=16, choices=Icon.choices, default=Icon.BOOK)
    news = models.BooleanField(
        _("announcements"), default=False, help_text=_("Articles here are news: the newest first, with a feed (RSS).")
    )

    parent_page_types: ClassVar[list[str]] = ["knowledge.HelpHome", "knowledge.Section"]
    subpage_types: ClassVar[list[str]] = ["knowledge.Section", "knowledge.Article"]
    content_panels: ClassVar[list[Any]] = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldRowPanel([FieldPanel("icon"), FieldPanel("news")]),
    ]

    class Meta:
        verbose_name = _("Section")


class Article(HelpPage):
    """One answer: as text, as a picture guide, as video; the reader chooses."""

    summary = models.CharField(_("summary"), max_length=300, help_text=_("One or two sentences: what it answers."))
    search_words = models.TextField(
        _("words people search with"),
        blank=True,
        max_length=2000,
        help_text=_("One a line: other names, colloquial words, error codes that the text does not contain."),
    )
    body = StreamField(blocks.BODY, verbose_name=_("text"), blank=True)
    guide = StreamField(
        blocks.GUIDE, verbose_name=_("picture guide"), blank=True, help_text=_("Readers may choose it instead of the text.")
    )
    videos = StreamField(
        blocks.VIDEOS, verbose_name=_("videos"), blank=True, max_num=4, help_text=_("Readers may choose them instead of the text.")
    )
    # The code of a request type: those are rows of a layer above.
    request_type = models.SlugField(_("form for who is still stuck"), max_length=40, blank=True)
    updated_on = models.DateField(
        _("updated on"),
        null=True,
        blank=True,
        help_text=_("Shown to readers. Set it when what the article says has changed; blank: the day it was published."),
    )
    # Whether what this revision says is news to who follows it; None: nobody has said. `editing` asks.
    tells_followers = models.BooleanField(null=True, blank=True, editable=False)
    # Which state of the original this translation says: `live_revision_id` of the original when it was last looked through.
    translated_from = models.BigIntegerField(null=True, blank=True, editable=False)

    parent_page_types: ClassVar[list[str]] = ["knowledge.Section"]
    subpage_types: ClassVar[list[str]] = []
    exclude_fields_in_copy: ClassVar[list[str]] = ["translated_from", "tells_followers"]

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    *Page.content_panels,
                    FieldPanel("summary", widget=AdminAutoHeightTextInput),
                    FieldPanel("body"),
                    FieldPanel(
                        "says_the_original",
                        heading=_("This says what the original says now"),
                        help_text=_("Tick it when you have looked through all of it; it counts once this is published."),
                    ),
                    FieldPanel("change", heading=_("What has changed since it was published?")),
                ],
                heading=_("Text"),
            ),
            ObjectList([FieldPanel("guide"), FieldPanel("videos")], heading=_("Pictures and videos")),
            ObjectList(
                [
                    FieldPanel("search_words"),
                    InlinePanel("related", heading=_("Related articles"), label=_("Article"), max_num=8),
                    FieldPanel("request_type", heading=_("Form for who is still stuck")),
                    FieldPanel("updated_on"),
                ],
                heading=_("Finding it"),
            ),
            ObjectList([*HelpPage.promote_panels, *Page.settings_panels], heading=_("Address")),
        ],
        base_form_class=editing.ArticleForm,
    )

    class Meta:
        verbose_name = _("Article")

    def original(self) -> Article | None:
        """Return the article this one is a translation of; None for what is an original itself."""
        rows = Article.objects.filter(translation_key=self.translation_key).select_related("locale")
        first = min(rows, key=lambda row: (row.locale.language_code != settings.LANGUAGE_CODE, row.pk), default=None)
        return first if first is not None and first.pk != self.pk else None

    def clean(self) -> None:
        """Raise when there are more search words than an index can weigh."""
        super().clean()
        if len(self.search_words.split("\n")) > MOST_WORDS:
            raise ValidationError({"search_words": _("At most %(n)s lines.") % {"n": MOST_WORDS}})


class Related(Orderable):  # type: ignore[misc]
    """One article named below another one; shown in the reader's language if there is such a translation."""

    article = ParentalKey(Article, on_delete=models.CASCADE, related_name="related")
    other = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")

    panels: ClassVar[list[Any]] = [PageChooserPanel("other", "knowledge.Article")]


class Figure(models.Model):
    """A limit, fee, time or name that articles name by its key: `{{withdrawal_hold_hours}}`. Filled once, shown everywhere."""

    key = models.CharField(
        _("key"), max_length=60, unique=True, validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", _("Small letters, digits and _."))]
    )  # fmt: skip
    about = models.CharField(_("what it is"), max_length=200)
    about_zh = models.CharField(_("what it is, in Chinese"), max_length=200, blank=True)
    value = models.CharField(_("value"), max_length=120, blank=True)
    value_zh = models.CharField(_("value in Chinese, if it differs"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("Figure")
        verbose_name_plural = _("Figures in articles")
        ordering: ClassVar[list[str]] = ["key"]

    def __str__(self) -> str:
        return self.key


class SynonymGroup(models.Model):
    """Words that mean the same to the search: 提现, 提币, withdrawal."""

    words = models.TextField(_("words"), max_length=1000, help_text=_("One a line, at least two; of any language."))

    class Meta:
        verbose_name = _("Synonyms")
        verbose_name_plural = _("Synonyms")
        ordering: ClassVar[list[str]] = ["words"]

    def __str__(self) -> str:
        return " = ".join(self.listed())

    def listed(self) -> list[str]:
        """Return the words, without empty lines."""
        return [word.strip() for word in self.words.splitlines() if word.strip()]

    def clean(self) -> None:
        """Raise unless there are two to thirty words."""
        if not 2 <= len(self.listed()) <= 30:
            raise ValidationError({"words": _("Two to thirty words, one a line.")})


class Imported(models.Model):
    """What an import wrote last of one file, so that the next one tells what changed there from what editors changed here."""

    source = models.CharField(max_length=800)  # where the file lies: "deposits/late"
    language = models.CharField(max_length=16)
    # Null: somebody deleted the page. It stays deleted.
    page = models.OneToOneField(Page, on_delete=models.SET_NULL, null=True, related_name="+")
    digest = models.BinaryField(max_length=32)  # SHA-256 of what the file said (`imports`)
    draft = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "language"], name="one_page_a_file")]

    def __str__(self) -> str:
        return f"imported {self.pk}"


class Vote(models.Model):
    """Whether an article helped one reader; the last word of a reader counts."""

    class Reason(models.TextChoices):
        WRONG = "wrong", _("It is wrong or out of date")
        UNCLEAR = "unclear", _("I do not understand it")
        MISSING = "missing", _("Something is missing")
        OTHER_MATTER = "other_matter", _("It is not what I was looking for")
        NOT_WORKING = "not_working", _("I did it and it did not work")

    id = models.BigAutoField(primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="votes")
    visitor = models.BinaryField(max_length=16)  # a keyed hash of who reads; nobody can tell who that was
    helpful = models.BooleanField()
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    missing = models.TextField(max_length=1000, blank=True)  # what the reader missed; secrets are masked
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "visitor"], name="one_vote_a_reader")]

    def __str__(self) -> str:
        return f"vote {self.pk}"


class Search(models.Model):
    """One thing somebody looked for, and what came of it. Words typed one after the other are one search."""

    class Place(models.TextChoices):
        HELP = "help", _("Help center")
        CHAT = "chat", _("Chat")
        TICKET = "ticket", _("Ticket form")
        HUB = "hub", _("Contact page")
        MAIL = "mail", _("Mail acknowledgement")
        DESK = "desk", _("Desk")

    id = models.BigAutoField(primary_key=True)
    place = models.CharField(max_length=8, choices=Place.choices)
    text = models.CharField(max_length=200)  # secrets are masked
    language = models.CharField(max_length=16)
    visitor = models.BinaryField(max_length=16)
    request_type = models.CharField(max_length=40, blank=True)  # of the form it was asked beside
    hits = models.IntegerField()
    shown = ArrayField(models.BigIntegerField(), default=list)  # articles offered
    opened = ArrayField(models.BigIntegerField(), default=list)  # articles opened from it
    asked_at = models.DateTimeField(null=True)  # when the reader asked people all the same
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["visitor", "-at"], name="search_visitor"),
            models.Index(fields=["-at"], name="search_at"),
        ]

    def __str__(self) -> str:
        return f"search {self.pk}"


class Follow(models.Model):
    """Somebody who wants a mail when an article, or one of a section, changes. Nothing is sent before he confirmed."""

    id = models.BigAutoField(primary_key=True)
    address = models.CharField(max_length=320)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    locale = models.CharField(max_length=16)
    token_hash = models.BinaryField(max_length=32, unique=True)  # SHA-256 of what stands in the links of its mails
    confirmed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # of what was published up to then this reader knows
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address", "page"], name="one_follow_an_address")]

    def __str__(self) -> str:
        return f"follow {self.pk}"
