"""From the customer's other pages to the chat page of the same origin: who is signed in there is the same person here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from trustdesk.customers import visitors


@require_safe
def visitor(request: HttpRequest) -> HttpResponse:
    """Tell the chat page the token of who is signed in; to no other site (Fetch Metadata says who asks)."""
    found = visitors.from_request(request) if request.headers.get("Sec-Fetch-Site") == "same-origin" else None
    response = JsonResponse({"token": visitors.token(found) if found else None})
    response.headers["Cache-Control"] = "no-store"
    return response
