"""Every address of the product."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from trustdesk.config import health, reports
from trustdesk.demo import views as demo
from trustdesk.desk import mail
from trustdesk.helpcenter import feeds

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("csp-report", reports.policy, name="csp_report"),
    path("staff/", include("trustdesk.staff.urls")),
    path("desk/", include("trustdesk.desk.urls")),
    # Not below /desk/, which lets nobody in without a cookie: a frame without an origin has none.
    path("mail-pictures/<str:token>", mail.picture, name="desk_mail_picture"),
    path("back-office/", include("trustdesk.config.back_office")),
    path("", include("trustdesk.widget.urls")),
    path("", include("trustdesk.portal.urls")),
    path("help/", include("trustdesk.helpcenter.urls")),
    path("robots.txt", feeds.robots, name="robots"),
    path("api/v1/", include("trustdesk.api.urls")),
    path("chat/", include("trustdesk.widget.file_urls")),
    path("hooks/", include("trustdesk.hooks.urls")),
]
if settings.DEMO:
    urlpatterns += [path("", demo.start, name="start"), path("demo/", include("trustdesk.demo.urls"))]
else:
    urlpatterns += [path("", RedirectView.as_view(pattern_name="widget:chat"), name="start")]

handler500 = "trustdesk.config.errors.server_error"
