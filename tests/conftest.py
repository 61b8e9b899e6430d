"""Settings for all tests."""

from __future__ import annotations

import os

# Tests start programs in processes of their own; what these print must not depend on who watches.
os.environ["NO_COLOR"] = "1"
os.environ["PYTHONUNBUFFERED"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
