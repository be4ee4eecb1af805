from django.apps import AppConfig


class HelpcenterConfig(AppConfig):
    """What readers see of the help center."""

    name = "trustdesk.helpcenter"
    label = "helpcenter"

    def ready(self) -> None:
        """Say how a draft is drawn."""
        from trustdesk.helpcenter import drafts
        from trustdesk.knowledge import previews

        previews.shown_by(drafts.show)
