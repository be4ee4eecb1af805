from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The customer's pages: tickets, own cases, signing in, the contact hub."""

    name = "trustdesk.portal"
    label = "portal"
