"""The real addresses and one desk page, so that the door can be tested before and without the desk."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from trustdesk.config.urls import urlpatterns as real


def probe(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"the desk of {request.user}")


urlpatterns = [path("desk/probe/", probe, name="probe"), *real]
