"""What administrators find in the back office of the channels: which ones are ours."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, ObjectList

from trustdesk.channels.models import OfficialChannel
from trustdesk.channels.official_editing import OfficialForm
from trustdesk.staff.backoffice import AuditedViewSet


class OfficialChannels(AuditedViewSet):
    """What customers are told is ours when they check a link, an address, an account or a number."""

    model = OfficialChannel
    name = "official_channels"
    url_prefix = "official-channels"
    icon = "success"
    menu_label = _("Official channels")
    list_display = ["value", "kind", "about", "about_zh", "position"]
    list_filter = ["kind"]
    list_per_page = 100
    search_fields = ["value", "about", "about_zh"]
    ordering = ["position", "id"]
    edit_handler = ObjectList(
        [
            HelpPanel(
                _(
                    "Customers are told that these are ours. The site of this help center, the sites the chat stands on and our"
                    " mail addresses are listed without being written here."
                )
            ),
            FieldPanel("kind", heading=_("Kind")),
            FieldPanel(
                "value",
                heading=_("Address"),
                help_text=_("An account's name or its link; a phone number with its country code."),
            ),
            FieldRowPanel(
                [
                    FieldPanel("about", heading=_("What it is for (English)")),
                    FieldPanel("about_zh", heading=_("What it is for (Chinese)")),
                ]
            ),
            FieldPanel("position", heading=_("Place in the list")),
        ],
        base_form_class=OfficialForm,
    )


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]  # Wagtail ships no types
def official_channels() -> OfficialChannels:
    """Add our official channels to the back office."""
    return OfficialChannels()
