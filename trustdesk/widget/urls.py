"""Addresses of the chat."""

from django.urls import path

from trustdesk.widget import views

app_name = "widget"
urlpatterns = [
    path("chat/", views.chat, name="chat"),
    path("widget.js", views.loader, name="loader"),
]
