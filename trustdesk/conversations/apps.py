from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "trustdesk.conversations"

    def ready(self) -> None:
        """Tell editors of articles which request types there are, and learn when somebody's shift or team changed."""
        from trustdesk.conversations import editing, queue
        from trustdesk.knowledge import request_types
        from trustdesk.staff import shifts

        request_types.offered_by(editing.type_choices)
        shifts.when_staff_changes(queue.forget_staff)
