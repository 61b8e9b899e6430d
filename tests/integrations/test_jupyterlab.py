"""JupyterLab in a real browser: edit a module on disk, run a cell, see the result and the message, restart, go on.

Needs JupyterLab, selenium (`pip install -e ".[browser]"`), Chromium and its driver; skipped where one is missing.  The
pictures that it takes are left in the folder that HOTSWAP_SCREENSHOTS names, for looking at.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.integrations import lab

pytestmark = [
    pytest.mark.skipif(bool(lab.missing()), reason=f"not installed here: {lab.missing()}"),
    pytest.mark.timeout(300),
]
GAME = "SPEED = {speed}\n\n\ndef step():\n    return 'step {word}'\n{more}"
CELLS = [
    "%load_ext hotswap\nimport os, threading\nimport game\nfrom game import SPEED\nkept, lock, pid = [1, 2], threading.Lock(), os.getpid()",
    "print('result:', game.step(), SPEED)",
    "%hotswap restart",
    "print('after:', game.step(), SPEED, kept, pid == os.getpid())",
]


def test_a_day_in_jupyterlab(tmp_path):
    """Each run of a cell sees the save before it and says so; a restart keeps page, process and names; no dialog appears."""
    folder = tmp_path / "work"
    folder.mkdir()

    def save(word: str, speed: int, more: str = "") -> None:
        (folder / "game.py").write_text(GAME.format(word=word, speed=speed, more=more))

    save("old", 1)
    with lab.notebook(folder, CELLS) as page:
        page.run(0)
        page.prompt(0, "1")
        page.run(1)
        assert page.output(1, "result:") == "result: step old 1"

        save("new", 2)
        page.run(1)
        page.output(
            1, "hotswap: swapped 1 of 1 modules in", "patched game.step", "SPEED followed", "result: step new 2"
        )
        page.screenshot(tmp_path / "1-swapped.png")

        save("broken", 3, "\nstep() + 1\n")
        page.run(1)
        page.output(1, "kept the old code because game.py:7: TypeError", "step() + 1", "result: step new 2")
        page.screenshot(tmp_path / "2-kept.png")

        save("newest", 4)
        page.run(2)
        page.output(2, "restarting; SPEED, game, kept, os, pid, threading come back", "lock: cannot pickle")
        page.run(3)
        page.output(3, "restarted; 6 names came back", "after: step newest 4 [1, 2] True")
        page.screenshot(tmp_path / "3-restarted.png")

        save("again", 5)
        page.run(3)
        page.output(3, "hotswap: swapped", "after: step again 5 [1, 2] True")

        save("all", 6)
        page.run_all()
        page.output(3, "restarted; 6 names came back", "after: step all 6 [1, 2] True")
        page.idle()
        page.screenshot(tmp_path / "4-run-all.png")
        assert page.dialogs() == []
    keep_pictures(tmp_path)


def keep_pictures(folder: Path) -> None:
    """Copy them to where they can be looked at, if somebody wants to."""
    wanted = os.environ.get("HOTSWAP_SCREENSHOTS")
    for picture in folder.glob("*.png") if wanted else ():
        shutil.copy(picture, Path(wanted or "."))
