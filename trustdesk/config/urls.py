"""Every address of the product."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from trustdesk.config import health
from trustdesk.demo import views as demo

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("staff/", include("trustdesk.staff.urls")),
    path("desk/", include("trustdesk.desk.urls")),
    path("back-office/", include("trustdesk.config.back_office")),
    path("", include("trustdesk.widget.urls")),
    path("", include("trustdesk.portal.urls")),
    path("api/v1/", include("trustdesk.api.urls")),
    path("chat/", include("trustdesk.widget.file_urls")),
]
if settings.DEMO:
    urlpatterns += [path("", demo.start, name="start"), path("demo/", include("trustdesk.demo.urls"))]
else:
    urlpatterns += [path("", RedirectView.as_view(pattern_name="widget:chat"), name="start")]

handler500 = "trustdesk.config.errors.server_error"
