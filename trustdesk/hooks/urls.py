"""Addresses that providers post to."""

from django.urls import path

from trustdesk.hooks import mail

app_name = "hooks"
urlpatterns = [path("mail/<slug:provider>/<slug:about>/", mail.take, name="mail")]
