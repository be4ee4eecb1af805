"""Addresses of the customer's pages."""

from django.urls import include, path

from trustdesk.portal import urls_cases, urls_tickets

app_name = "portal"
urlpatterns = [path("tickets/", include(urls_tickets.urlpatterns)), *urls_cases.urlpatterns]
