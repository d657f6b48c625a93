"""The process of the forecast job; see `forecasts`.

    python -m ortoo.site.jobs.forecast_process
"""

from __future__ import annotations

import os

import django


def main() -> int:
    """Do what is owed and end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
    django.setup()
    from ortoo.site import demo_clock
    from ortoo.site.jobs.forecasts import work

    demo_clock.plug_in()
    # People at the pages come first.
    os.nice(10)
    work()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
