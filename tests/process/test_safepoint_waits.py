"""A main thread that waits inside of a call is woken to apply a round, and goes on waiting."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from tests.process.running import save, started

WAITS = {
    "sleep": "time.sleep(1.5)",
    "lock": "threading.Event().wait(1.5)",
    "input": "sys.stdin.readline()",
    "select": "select.select([sys.stdin], [], [], 1.5)",
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_round_is_applied_on_the_main_thread_while_it_waits(tmp_path: Path, wait: str) -> None:
    """Not on another thread, not only when the waiting is over, and the waiting is not cut short."""
    (tmp_path / "mod.py").write_text("X = 1\n")
    (tmp_path / "main.py").write_text(
        dedent(f"""
        import select, sys, threading, time
        import hotswap, mod
        where = []
        hotswap.watch(report=lambda outcome: where.append((threading.current_thread().name, waiting, mod.X)))
        waiting, began = True, time.monotonic()
        print("ready", flush=True)
        {WAITS[wait]}
        waiting, seconds = False, time.monotonic() - began
        print(where, "cut short" if seconds < 1.5 and {wait != "input"} else "whole", flush=True)
        """)
    )
    with started("main.py", cwd=tmp_path, stdin=subprocess.PIPE) as process:
        process.expect("ready")
        save(tmp_path / "mod.py", "X = 2\n")
        assert process.process.stdin is not None
        if wait == "input":
            with pytest.raises(subprocess.TimeoutExpired):
                process.process.wait(1.0)
        else:
            process.wait()
        process.process.stdin.close()
        process.wait()
    assert process.text == "ready\n[('MainThread', True, 2)] whole\n"
