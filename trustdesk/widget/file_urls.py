"""Addresses of uploads, files and the transcript, below /chat/."""

from django.urls import path

from trustdesk.widget import files

urlpatterns = [
    path("uploads/<str:key>", files.upload, name="upload"),
    path("files/<str:key>", files.file, name="file"),
    path("entries", files.entries, name="entries"),
    path("transcript/", files.write_down, name="transcript"),
]
