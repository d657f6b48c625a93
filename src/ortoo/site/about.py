"""关于: what this is, what in it is simulated, versions and licences."""

from __future__ import annotations

import platform
from importlib import metadata

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ortoo.kernel.forms import registry
from ortoo.kernel.places.active import active_pack

# Distribution → licence as its own metadata or repository states it.
PARTS = (
    ("django", "BSD-3-Clause"),
    ("granian", "BSD-3-Clause"),
    ("django-htmx", "MIT"),
    ("numpy", "BSD-3-Clause"),
    ("polars", "MIT"),
    ("altair", "BSD-3-Clause"),
    ("cryptography", "Apache-2.0 / BSD-3-Clause"),
    ("msgspec", "BSD-3-Clause"),
)


def version_of(name: str) -> str:
    """An installed distribution's version, "" when it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page everybody may read."""
    pack = active_pack()
    context = {
        "pack": pack.head.title.get("zh", pack.head.code),
        "attribution": pack.head.attribution,
        "notes": pack.head.notes,
        "forms": [
            (form.code, form.title.get("zh", form.code), form.version)
            for form in registry.loaded().newest()
        ],
        "is_demo": settings.DEMO,
        "versions": [
            ("Python", platform.python_version(), "PSF-2.0"),
            *((name, version_of(name), licence) for name, licence in PARTS if version_of(name)),
            (connection.display_name, _database_version(), ""),
        ],
        "django_version": django.get_version(),
    }
    return render(request, "site/about.html", context)


def _database_version() -> str:
    return ".".join(str(part) for part in connection.get_database_version())
