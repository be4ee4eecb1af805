from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "trustdesk.conversations"

    def ready(self) -> None:
        """Tell editors of articles which request types there are."""
        from trustdesk.conversations import editing
        from trustdesk.knowledge import request_types

        request_types.offered_by(editing.type_choices)
