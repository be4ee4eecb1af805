"""The editors' reports in the back office's frame: tables with a range of dates, a language, and a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import django_filters
from django.conf import settings
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.reports import ReportView

from trustdesk.knowledge import reports, request_types, translations
from trustdesk.knowledge.models import Figure, Search, Vote
from trustdesk.seams import clock

NAMESPACE: Final = "help_reports"
_USUAL: Final = timedelta(days=30)
_LANGUAGES: Final = dict(settings.LANGUAGES)


class _ByLanguage(WagtailFilterSet):  # type: ignore[misc]  # Wagtail ships no types
    language = django_filters.ChoiceFilter(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = Search
        fields: ClassVar[list[str]] = []


class _ByDates(_ByLanguage):
    at = django_filters.DateFromToRangeFilter(label=_("Date; blank: the last 30 days"), widget=DateRangePickerWidget)


class _ByState(_ByLanguage):
    state = django_filters.ChoiceFilter(label=_("State"), choices=translations.State.choices)


class _ByValue(WagtailFilterSet):  # type: ignore[misc]
    every = django_filters.BooleanFilter(label=_("Also those that have a value"))

    class Meta:
        model = Figure
        fields: ClassVar[list[str]] = []


class Report(ReportView):  # type: ignore[misc]
    """One table. A subclass gives its name, its columns and `rows`."""

    slug = ""
    filterset_class = _ByDates
    header_icon = "site"
    columns: ClassVar[Sequence[Column]] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.index_url_name, self.index_results_url_name = f"{NAMESPACE}:{self.slug}", f"{NAMESPACE}:{self.slug}_results"
        self.export_filename = self.slug
        self.list_export = [column.name for column in self.columns]
        self.export_headings = {column.name: column.label for column in self.columns}

    def rows(self, **chosen: Any) -> list[Any]:
        """Return the rows for what the reader chose; a subclass says how."""
        raise NotImplementedError

    def get_filtered_queryset(self) -> list[Any]:
        """Return the rows: counted already, never filtered afterwards."""
        form = self.filters.form
        return self.rows(**(form.cleaned_data if form.is_valid() else {}))

    def to_row_dict(self, item: Any) -> dict[str, Any]:
        """Return a line of the spreadsheet: what the table shows."""
        return {column.name: _plain(column.get_value(item)) for column in self.columns}


class _Dated(Report):
    ask: Callable[..., list[Any]]

    def rows(self, *, at: slice | None = None, language: str | None = None, **_rest: Any) -> list[Any]:
        now = clock.now()
        since = at.start if at and at.start else (at.stop if at and at.stop else now) - _USUAL
        until: datetime = at.stop if at and at.stop else now + timedelta(seconds=1)
        return type(self).ask(since=since, until=until, language=language or "")


def _plain(value: Any) -> Any:
    """Return a value for a spreadsheet, which must not take a reader's words for a formula."""
    text = value if isinstance(value, int | float | datetime) else str(value if value is not None else "")
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _edit(row: Any) -> str:
    return reverse("wagtailadmin_pages:edit", args=[row.id])


def _language(name: str = "language") -> Column:
    return Column(name, label=_("Language"), accessor=lambda row: _LANGUAGES.get(row.language, row.language))


def _article() -> Column:
    return TitleColumn("title", label=_("Article"), get_url=_edit)


_SOUGHT: Final = (
    Column("text", label=_("Looked for")),
    _language(),
    Column("times", label=_("How often")),
    Column("people", label=_("Readers")),
)


class NothingFound(_Dated):
    """Searches without a hit."""

    slug, page_title = "nothing-found", _("Searches that found nothing")
    ask = staticmethod(reports.nothing_found)
    columns = (*_SOUGHT, DateColumn("last_at", label=_("Last time")))


class ThenAsked(_Dated):
    """Searches after which people asked us all the same."""

    slug, page_title = "then-asked", _("Searches that ended in a ticket")
    ask = staticmethod(reports.then_asked)
    columns = (*_SOUGHT, Column("opened", label=_("An article was opened")), DateColumn("last_at", label=_("Last time")))


class Articles(_Dated):
    """What became of each article."""

    slug, page_title = "articles", _("Articles: read and helpful")
    ask = staticmethod(reports.articles)
    columns = (
        _article(),
        _language(),
        Column("offered", label=_("Offered")),
        Column("opened", label=_("Opened from there")),
        Column("answered", label=_("Opened, and asked nobody")),
        Column("answered_share", label=_("Share")),
        Column("votes", label=_("Votes")),
        Column("helpful_share", label=_("Helpful")),
        Column("comments", label=_("What was missing")),
    )


class Comments(_Dated):
    """What readers missed."""

    slug, page_title = "comments", _("What readers missed")
    ask = staticmethod(reports.comments)
    columns = (
        _article(),
        _language(),
        Column("reason", label=_("Reason"), accessor=lambda row: dict(Vote.Reason.choices).get(row.reason, row.reason)),
        Column("missing", label=_("What was missing")),
        DateColumn("at", label=_("When")),
    )


class Deflection(_Dated):
    """Whether suggestions spared a case, by request type."""

    slug, page_title = "suggestions", _("Suggestions by request type")
    ask = staticmethod(reports.deflection)
    columns = (
        Column(
            "request_type",
            label=_("Request type"),
            accessor=lambda row: dict(request_types.choices(get_language() or "")).get(row.request_type, row.request_type),
        ),
        Column("suggested", label=_("Suggestions shown")),
        Column("opened", label=_("Opened from there")),
        Column("deflected", label=_("Opened, and asked nobody")),
        Column("deflected_share", label=_("Share")),
    )


class Oldest(Report):
    """What nobody has looked at for long."""

    slug, page_title = "oldest", _("Oldest articles")
    filterset_class = _ByLanguage
    columns = (_article(), _language(), Column("updated_on", label=_("Updated on")))

    def rows(self, *, language: str | None = None, **_rest: Any) -> list[Any]:
        return list(reports.oldest(language=language or ""))


class Figures(Report):
    """Figures that articles name and nobody has filled."""

    slug, page_title = "figures", _("Figures without a value")
    filterset_class = _ByValue
    columns = (
        TitleColumn(
            "key",
            label=_("Key"),
            get_url=lambda row: reverse("figures:edit", args=[row.id]) if row.id else None,
        ),
        Column("about", label=_("Meaning"), accessor=lambda row: _about(row)),
        Column("value", label=_("Value")),
        Column("articles", label=_("Articles that name it"), accessor=lambda row: " · ".join(row.articles)),
    )

    def rows(self, *, every: bool | None = None, **_rest: Any) -> list[Any]:
        return list(reports.figures(blank=not every))


def _about(row: reports.Used) -> Any:
    if row.id is None:
        return _("There is no such figure: the text says that the app shows it.")
    return row.about_zh if (get_language() or "").startswith("zh") and row.about_zh else row.about


class Translations(Report):
    """How far each article is translated."""

    slug, page_title = "translations", _("Translations")
    header_icon = "globe"
    filterset_class = _ByState
    columns = (
        TitleColumn("title", label=_("Article"), get_url=lambda row: reverse("wagtailadmin_pages:edit", args=[row.original_id])),
        _language(),
        Column("state", label=_("State"), accessor="label"),
        TitleColumn(
            "translated_title",
            label=_("Translation"),
            accessor=lambda row: row.translated_title or _("Translate it"),
            get_url=lambda row: (
                reverse("wagtailadmin_pages:edit", args=[row.page_id])
                if row.page_id
                else reverse("simple_translation:submit_page_translation", args=[row.original_id])
            ),
        ),
    )

    def rows(self, *, state: str | None = None, language: str | None = None, **_rest: Any) -> list[Any]:
        return list(translations.states(state=state or "", language=language or ""))


ALL: Final[tuple[type[Report], ...]] = (
    Translations, NothingFound, ThenAsked, Articles, Comments, Deflection, Oldest, Figures,
)  # fmt: skip


def urls() -> list[URLPattern]:
    """List the addresses of all reports."""
    return [
        one
        for view in ALL
        for one in (
            path(f"{view.slug}/", view.as_view(), name=view.slug),
            path(f"{view.slug}/results/", view.as_view(results_only=True), name=f"{view.slug}_results"),
        )
    ]
