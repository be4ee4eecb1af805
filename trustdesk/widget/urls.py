"""Addresses of the chat."""

from django.urls import path

from trustdesk.widget import handover, suggestions, views

app_name = "widget"
urlpatterns = [
    path("chat/", views.chat, name="chat"),
    path("chat/visitor/", handover.visitor, name="visitor"),
    path("chat/suggestions/", suggestions.suggestions, name="suggestions"),
    path("chat/suggestions/outcome/", suggestions.outcome, name="suggestions_outcome"),
    path("widget.js", views.loader, name="loader"),
]
