"""The web pages alone, for a WSGI server with threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustdesk.config.settings")

application = get_wsgi_application()
