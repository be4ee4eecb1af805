"""What administrators edit in the back office: request types, each with the questions of its form, and our mail addresses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList, TabbedInterface
from wagtail.admin.ui.tables import BooleanColumn, Column

from trustdesk.channels.models import MailAddress
from trustdesk.conversations import editing, mail_editing
from trustdesk.conversations.models import RequestType
from trustdesk.staff.backoffice import AuditedViewSet


def _both(name: str, heading: object) -> FieldRowPanel:
    """Put a text and its Chinese beside each other."""
    return FieldRowPanel(
        [FieldPanel(name, heading=heading), FieldPanel(f"{name}_zh", heading=_("The same in Chinese"))]
    )


_ABOUT = [
    FieldPanel("code", heading=_("Code in addresses"), help_text=_("It cannot be changed later.")),
    _both("label", _("Name")),
    _both("about", _("What it is for")),
    _both("evidence", _("What to attach")),
    FieldRowPanel(
        [
            FieldPanel("area", heading=_("Heading it stands under"), widget=editing.areas()),
            FieldPanel("position", heading=_("Place in the list")),
        ]
    ),
    FieldRowPanel(
        [
            FieldPanel("in_form", heading=_("Offered in the ticket form")),
            FieldPanel("in_chat", heading=_("Offered in the chat")),
        ]
    ),
]
_TREATMENT = [
    FieldPanel("team", heading=_("Team")),
    FieldPanel("priority", heading=_("Priority"), widget=editing.priorities()),
    FieldPanel("needs", heading=_("Proof it needs"), widget=editing.proofs()),
    FieldPanel("documents", heading=_("Identity papers are wanted beside it, on the secure page")),
    MultiFieldPanel(
        [
            FieldPanel("first_reply", heading=_("First reply, minutes")),
            FieldPanel("resolve", heading=_("Solved, minutes; 0: nothing is promised")),
        ],
        heading=_("Promise"),
    ),
]
_QUESTION = [
    FieldRowPanel(
        [
            FieldPanel("key", heading=_("Key"), help_text=_("“what” is the customer's own words.")),
            FieldPanel("kind", heading=_("Kind, and so how it is checked"), widget=editing.kinds()),
            FieldPanel("required", heading=_("Required")),
        ]
    ),
    _both("label", _("Question")),
    _both("help", _("Help below it")),
    FieldPanel(
        "options",
        heading=_("Choices"),
        help_text=_("One a line: value | English | Chinese."),
        widget=editing.Choices(attrs={"rows": 4}),
    ),
    FieldRowPanel(
        [
            FieldPanel("when_key", heading=_("Asked only if the question with this key …")),
            FieldPanel("when_values", heading=_("… has one of these values"), widget=editing.Lines(attrs={"rows": 2})),
            FieldPanel("beside", heading=_("Key of the question that names its network or coin")),
        ]
    ),
]


class RequestTypes(AuditedViewSet):
    """Types are never deleted, for cases refer to them: one that is no longer wanted is offered nowhere."""

    model = RequestType
    name = "request_types"
    url_prefix = "request-types"
    icon = "form"
    menu_label = _("Request types")
    allows = frozenset({"add", "change", "view"})
    list_display = ["label", "label_zh", "area", "team", "priority", "first_reply", "in_form", "in_chat"]
    list_per_page = 50
    ordering = ["position", "id"]
    search_fields = ["code", "label", "label_zh"]
    edit_handler = TabbedInterface(
        [
            ObjectList(_ABOUT, heading=_("What it is")),
            ObjectList(_TREATMENT, heading=_("Who treats it, and what is promised")),
            ObjectList([InlinePanel("fields", panels=_QUESTION, label=_("Question"))], heading=_("Questions")),
        ],
        base_form_class=editing.TypeForm,
    )


class MailAddresses(AuditedViewSet):
    """Addresses are never deleted, for cases came there: one that is no longer wanted takes no more mail."""

    model = MailAddress
    name = "mail_addresses"
    url_prefix = "mail-addresses"
    icon = "mail"
    menu_label = _("Mail addresses")
    allows = frozenset({"add", "change", "view"})
    list_display = [
        "__str__",
        Column("shown_name", label=_("Name")),
        Column("team", label=_("Team")),
        BooleanColumn("enabled", label=_("Takes mail")),
    ]
    ordering = ["id"]
    edit_handler = ObjectList(
        [
            FieldPanel("address", heading=_("Address")),
            FieldPanel("name", heading=_("Name")),
            FieldPanel("team", heading=_("Team; without one, that of the request type")),
            FieldPanel("type_code", heading=_("What its mail is about where the subject does not say")),
            FieldPanel("enabled", heading=_("Takes mail")),
            FieldPanel("fetched_from", heading=_("Mailbox it is fetched from")),
            FieldPanel("stop_fetching", heading=_("Fetch it no longer")),
        ],
        base_form_class=mail_editing.AddressForm,
    )


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]  # Wagtail ships no types
def mail_addresses() -> MailAddresses:
    """Add our mail addresses to the back office."""
    return MailAddresses()


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]  # Wagtail ships no types
def request_types() -> RequestTypes:
    """Add the request types to the back office."""
    return RequestTypes()
