"""Addresses of opening a ticket, below /tickets/."""

from django.urls import path

from trustdesk.portal import answers, tickets

urlpatterns = [
    path("new/", tickets.types, name="ticket_types"),
    path("new/<slug:code>/", tickets.new, name="ticket_new"),
    path("sent/<str:reference>/", tickets.sent, name="ticket_sent"),
    path("check/", tickets.check, name="ticket_check"),
    path("similar/", tickets.similar, name="ticket_similar"),
    path("articles/", answers.part, name="ticket_answers"),
    path("files/", tickets.files, name="ticket_files"),
]
