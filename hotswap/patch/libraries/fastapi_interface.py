"""The description of their interface that applications of FastAPI keep once somebody has asked for it."""

from __future__ import annotations

import gc
import sys

from hotswap.looking import family, is_instance, own_space


def forget() -> None:
    """Let applications describe themselves anew; FastAPI is never imported."""
    fastapi = sys.modules.get("fastapi")
    if fastapi is None:
        return
    kind: type = fastapi.FastAPI
    for app in gc.get_referrers(*family(kind)):
        if is_instance(app, kind) and own_space(app).get("openapi_schema") is not None:
            own_space(app)["openapi_schema"] = None
