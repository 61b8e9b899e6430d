"""Settings for all tests."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

# Tests start programs in processes of their own; what these print must not depend on who watches.
os.environ["NO_COLOR"] = "1"
os.environ["PYTHONUNBUFFERED"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell that starts the tests in the background has them ignore signals (`nohup`, `&`), and so would these programs.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (getattr(signal, "SIGHUP", None), signal.SIG_DFL)):
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        with suppress(ValueError):  # not the main thread
            signal.signal(number, usual)
