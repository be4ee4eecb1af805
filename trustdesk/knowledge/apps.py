from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KnowledgeConfig(AppConfig):
    """Articles, their search, and what readers say of them."""

    name = "trustdesk.knowledge"
    label = "knowledge"
    verbose_name = _("Help center")
    default_auto_field = "django.db.models.BigAutoField"
