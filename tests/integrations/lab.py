"""JupyterLab and a browser that shows one of its notebooks: `with notebook(folder, cells) as page`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hotswap

ROOT = Path(hotswap.__file__).parents[1]
PATIENCE = 60.0
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,1000",
)  # fmt: skip


IS_IDLE = """
const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
return kernel?.connectionStatus === "connected" && kernel?.status === "idle";
"""


def missing() -> str:
    """What is not installed here, of what a browser test needs."""
    absent = [name for name in ("jupyterlab", "selenium") if find_spec(name) is None]
    absent += [] if CHROMIUM else ["chromium"]
    absent += [] if shutil.which("chromedriver") else ["chromedriver"]
    return ", ".join(absent)


class Page:
    """A notebook that is open in JupyterLab."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def idle(self) -> None:
        """Wait until the page is connected to the kernel, and that has nothing to do."""
        self._until(lambda: self.driver.execute_script(IS_IDLE), bool)

    def run(self, number: int) -> None:
        """Click into a cell and press Shift+Enter."""
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        self._until(lambda: self._click(number), lambda clicked: clicked)
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()

    def run_all(self) -> None:
        """Use the menu: Run, Run All Cells."""
        self.driver.execute_script("return window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def output(self, number: int, *words: str) -> str:
        """What stands below the cell, as soon as it holds all these words."""
        return self._until(lambda: self._shown(number), lambda text: all(word in text for word in words))

    def prompt(self, number: int, wanted: str) -> None:
        """Wait for the number beside the cell."""
        self._until(lambda: self._text(number, ".jp-InputPrompt"), lambda text: wanted in text)

    def dialogs(self) -> list[str]:
        """The texts of dialogs that lie over the page."""
        return [each.text for each in self.driver.find_elements("css selector", ".jp-Dialog")]

    def screenshot(self, path: Path) -> None:
        """Take a picture."""
        self.driver.save_screenshot(str(path))

    def _cell(self, number: int) -> Any:
        cells = self._until(
            lambda: self.driver.find_elements("css selector", ".jp-Notebook .jp-Cell"), lambda c: len(c) > number
        )
        return cells[number]

    def _click(self, number: int) -> bool:
        self._cell(number).find_element("css selector", ".cm-content").click()  # raises until it can be clicked
        return True

    def _shown(self, number: int) -> str:
        return self._text(number, ".jp-Cell-outputArea")

    def _text(self, number: int, selector: str) -> str:
        found = self._cell(number).find_elements("css selector", selector)
        return found[0].text if found else ""

    def _until(self, look: Any, is_there: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                seen = look()
            except Exception as error:  # noqa: BLE001  an element may be drawn anew while it is looked at
                seen = error
            else:
                if is_there(seen):
                    return seen
            assert time.monotonic() < deadline, f"not seen; the page shows {seen!r}"
            time.sleep(0.05)


@contextmanager
def notebook(folder: Path, cells: Sequence[str]) -> Iterator[Page]:
    """Write the notebook, start JupyterLab on the folder, and open it in a browser."""
    code = [{"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
            for n, text in enumerate(cells)]  # fmt: skip
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (folder / "demo.ipynb").write_text(
        json.dumps({"cells": code, "metadata": spec, "nbformat": 4, "nbformat_minor": 5})
    )
    with server(folder) as address, browser(folder) as driver:
        driver.get(f"{address}lab/tree/demo.ipynb?token=test&reset")
        page = Page(driver)
        page.idle()
        yield page


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run JupyterLab; yields its address."""
    private = {"HOME": "home", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config", "IPYTHONDIR": "ipython",
               "JUPYTER_DATA_DIR": "data"}  # fmt: skip
    places = {name: str(folder.parent / f"{folder.name}-lab" / word) for name, word in private.items()}
    env = {**os.environ, **places, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
               "--IdentityProvider.token=test", "--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}",
               "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        yield _address(Path(places["JUPYTER_RUNTIME_DIR"]), process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with its kernels; nothing in there is worth an orderly end
        process.wait()


def _address(runtime: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                found = json.loads(file.read_text())
            except ValueError:  # it is just being written
                continue
            return f"http://127.0.0.1:{found['port']}/"
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start")


@contextmanager
def browser(folder: Path) -> Iterator[Any]:
    """A headless Chromium with an empty profile."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, f"--user-data-dir={folder.parent / (folder.name + '-browser')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()
