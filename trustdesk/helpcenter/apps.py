from django.apps import AppConfig


class HelpcenterConfig(AppConfig):
    name = "trustdesk.helpcenter"
