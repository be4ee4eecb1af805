from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "trustdesk.channels"
