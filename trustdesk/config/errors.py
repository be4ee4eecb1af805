"""What a request is answered that failed: "come back soon" while the database is away or too busy, otherwise 500."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views import defaults

from trustdesk.realtime.group_commit import Unavailable

RETRY_AFTER = 5  # seconds
# No connection, a lost one, none left in the pool, a lock that was not granted: waiting helps with all of them.
AWAY = (OperationalError, InterfaceError, Unavailable)


def server_error(request: HttpRequest) -> HttpResponse:
    """Word the exception being handled (django's handler500); asks neither the database nor the session."""
    if not isinstance(sys.exc_info()[1], AWAY):
        return defaults.server_error(request)
    with translation.override(getattr(request, "LANGUAGE_CODE", "") or translation.get_language_from_request(request)):
        if "text/html" in request.headers.get("Accept", ""):
            response = HttpResponse(render_to_string("ui/unavailable.html"), status=503)
        else:
            response = JsonResponse({"error": "unavailable", "retry_after": RETRY_AFTER}, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
