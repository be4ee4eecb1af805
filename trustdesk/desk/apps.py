from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """Where staff read and answer cases."""

    name = "trustdesk.desk"
    label = "desk"
    verbose_name = _("Desk")
