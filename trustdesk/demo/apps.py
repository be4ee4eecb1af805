from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo world; every page of it answers only while trying out, on this machine."""

    name = "trustdesk.demo"
    label = "demo"
