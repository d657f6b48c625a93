"""The WSGI application granian serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
application = get_wsgi_application()

from ortoo.site import demo_clock  # noqa: E402  needs the application's settings

demo_clock.plug_in()
