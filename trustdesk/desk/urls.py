"""Addresses of the desk, below /desk/. A part of a page begins with an underscore."""

from django.urls import path

from trustdesk.desk import acts, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("_list.html", views.list_part, name="desk_list"),
    path("availability/", acts.availability, name="desk_availability"),
    path("leave/", views.leave, name="desk_leave"),
    path("files/<str:key>", views.file, name="desk_file"),
    path("<str:reference>/", views.case, name="desk_case"),
    path("<str:reference>/_timeline.html", views.timeline_part, name="desk_timeline"),
    path("<str:reference>/_panel.html", views.panel_part, name="desk_panel"),
    path("<str:reference>/_colleagues.html", views.colleagues_part, name="desk_colleagues"),
    path("<str:reference>/replies/", acts.reply, name="desk_reply"),
    path("<str:reference>/assignment/", acts.assign, name="desk_assignment"),
    path("<str:reference>/state/", acts.state, name="desk_state"),
    path("<str:reference>/proof/", acts.proof, name="desk_proof"),
]
