"""IPython in a real terminal: loaded from the command line or the profile, typed into, restarted in place."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager

import pytest

pytest.importorskip("IPython")
from tests.integrations.test_prompts import MARKER, START_MARKER, Prompt, clean
from tests.process.running import environment, in_terminal, save

LIB = "SPEED = 1\n\n\ndef where():\n    return 'old'\n"
NEW = LIB.replace("old", "new")


@contextmanager
def ipython_in(folder, *words):
    """Start `ipython` with these options."""
    (folder / "lib.py").write_text(LIB)
    (folder / "marker.py").write_text(MARKER)
    variables = {
        "TERM": "xterm",
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    options = ("--no-banner", "--no-confirm-exit", "--colors=nocolor", *words)
    with in_terminal("-m", "IPython", *options, cwd=folder, env=environment(**variables)) as run:
        run.expect("In .{0,20}1")
        yield Prompt(folder, run, "ipython")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """`ipython --ext=hotswap`, once."""
    with ipython_in(tmp_path_factory.mktemp("terminal"), "--ext=hotswap") as prompt:
        prompt.say("import lib, os")
        prompt.say(START_MARKER)
        prompt.say("from lib import SPEED")
        yield prompt


@pytest.fixture
def prompt(running):
    """The terminal, with the first `lib` live."""
    running.save(LIB)
    running.say("pass")
    return running


def test_the_extension_is_loaded_by_an_option(prompt):
    """What was saved is live in the next input; its message is text, above the output."""
    prompt.save(NEW)
    value, seen = prompt.enter("lib.where()")
    assert value == "new"
    assert re.search(r"hotswap: swapped 1 of \d+ modules in [\d.]+ ms: patched lib.where\r*\n(.|\n)*value", seen)


@pytest.mark.parametrize("thread", ["off", "on"])
def test_nothing_is_printed_into_the_input_that_is_being_typed(prompt, thread):
    """Neither by hotswap nor by a module that runs again meanwhile, which it does with `%hotswap thread on`."""
    prompt.say(f"%hotswap thread {thread}")
    line = prompt.typed("lib.where()")
    before = len(prompt.run.text)
    prompt.run.type(line[:30])
    prompt.save(LIB.replace("old", "marked") + "print('printed by the module')\n")
    if thread == "on":
        prompt.wait_for_thread()
    threading.Event().wait(0.2)  # time in which something could be printed
    typed = clean(prompt.run.text[before:])
    prompt.run.type(line[30:] + "\r")
    assert prompt.value() == "marked"
    shown = clean(prompt.run.text[before:])
    assert not re.search("printed|swapped", typed)
    assert shown.index("printed by the module") < shown.index("hotswap: swapped") < shown.index(" marked :end")
    prompt.say("%hotswap thread off")


def test_a_restart_in_place(prompt):
    """The same process and terminal, the names that pickle, the numbers of the inputs; it can be typed into as before."""
    prompt.say("kept = [1]")
    pid = prompt.enter("os.getpid()")[0]
    prompt.run.type("%hotswap restart\r")
    prompt.run.expect("kept, lib, marker, os, threading come back")
    prompt.run.expect(r"restarting\r*\n(.|\n)*In .{0,20}\[")
    prompt.save(NEW.replace("1", "5"))
    assert prompt.enter("(kept, lib.where(), SPEED, os.getpid(), len(In) > 5)")[0] == f"([1], 'new', 5, {pid}, True)"
    assert "kept" in clean(prompt.enter("0, get_ipython().run_line_magic('who', '')")[1])


@pytest.mark.parametrize(
    "line",
    [
        "c.InteractiveShellApp.extensions = ['hotswap']",
        "c.InteractiveShellApp.exec_lines = ['import hotswap; hotswap.watch()']",
    ],
)
def test_the_profile_can_load_it(tmp_path, line):
    """As an extension of each session, or by a line that is run at its start."""
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(f"c = get_config()\n{line}\n")
    with ipython_in(tmp_path) as prompt:
        prompt.say("import lib")
        save(tmp_path / "lib.py", NEW)
        value, seen = prompt.enter("lib.where()")
    assert (value, "hotswap: swapped" in seen) == ("new", True)
