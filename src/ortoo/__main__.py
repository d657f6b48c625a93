"""`python -m ortoo`."""

from __future__ import annotations

import sys

from ortoo.cli import main

sys.exit(main())
