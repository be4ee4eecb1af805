"""Every address of the product."""

from django.urls import URLPattern, URLResolver, include, path

from trustdesk.config import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("staff/", include("trustdesk.staff.urls")),
    path("desk/", include("trustdesk.desk.urls")),
    path("", include("trustdesk.widget.urls")),
    path("chat/", include("trustdesk.widget.file_urls")),
]

handler500 = "trustdesk.config.errors.server_error"
