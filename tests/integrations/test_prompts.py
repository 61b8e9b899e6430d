"""Plain prompts in real terminals: edits are live in the next line, and nothing is printed into a line being typed."""

from __future__ import annotations

import re
import subprocess
import sys
import termios
import threading
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

from tests.process.running import PATIENCE, environment, in_terminal, save

LIB = "SPEED = 1\n\n\ndef where():\n    return 'old'\n"
SCRIPT = "import sys\nimport lib\nimport hotswap\nFACTOR = 3\n\n\ndef scaled():\n    return FACTOR * 2\n"
MARKER = """
import pathlib, time, lib

def mark():
    while True:
        time.sleep(0.01)
        if lib.where() == "marked":
            pathlib.Path("marked").touch()
"""
START_MARKER = "import marker, threading; threading.Thread(target=marker.mark, daemon=True).start()"
PROMPTS = {
    "python -i": (("-i", "-q"), {}),
    "the basic prompt": (("-i", "-q"), {"PYTHON_BASIC_REPL": "1"}),
    "python -i script": (("-i", "script.py"), {}),
    "hotswap run -i": (("-m", "hotswap", "run", "-i", "script.py"), {}),
    "code.interact": (("-c", "import code; code.interact(banner='')"), {}),
    "python -m asyncio": (("-m", "asyncio"), {}),
    "ptpython": (("-m", "ptpython"), {"PROMPT_TOOLKIT_NO_CPR": "1"}),
}


class Prompt:
    """A prompt at which `lib` and `hotswap` have been imported, and hotswap watches."""

    def __init__(self, folder, run, name) -> None:
        self.folder, self.run, self.name = folder, run, name
        self.count = 0

    def save(self, text):
        save(self.folder / "lib.py", text)

    def typed(self, expression):
        """A line that prints the value of the expression so that it can be told from the line itself."""
        self.count += 1
        return f"print('val' + 'ue {self.count}:', {expression}, ':en' + 'd')"

    def value(self):
        """What the last such line printed, as soon as it has."""
        return self.run.expect(rf"value {self.count}: (.*?) :end")[1]

    def enter(self, expression):
        """Type an expression; returns its value as text, and all that was shown meanwhile."""
        before = len(self.run.text)
        self.run.type(self.typed(expression) + "\r")
        return self.value(), clean(self.run.text[before:])

    def say(self, line):
        """Type a statement, and wait until it has been done."""
        self.run.type(line + "\r")
        self.enter("0")

    def wait_for_thread(self):
        """Wait until a thread of the program has seen `where()` return "marked"."""
        path = self.folder / "marked"
        for _ in range(int(PATIENCE / 0.01)):
            if path.exists():
                path.unlink()
                return
            threading.Event().wait(0.01)
        raise AssertionError(self.run.text)


def clean(text):
    """What a person sees of it, more or less: without the sequences that move the cursor and set colours."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[=>]", "", text)


@contextmanager
def prompt_in(folder, name):
    """Start the prompt, and begin to watch."""
    words, variables = PROMPTS[name]
    if "ptpython" in words and find_spec("ptpython") is None:
        pytest.skip("ptpython is not installed")
    (folder / "lib.py").write_text(LIB)
    (folder / "script.py").write_text(SCRIPT)
    (folder / "marker.py").write_text(MARKER)
    env = environment(TERM="xterm", HOME=str(folder), PYTHON_HISTORY=str(folder / "history"), **variables)
    with in_terminal(*words, cwd=folder, env=env) as run:
        run.expect(r">>>")
        prompt = Prompt(folder, run, name)
        if "script.py" not in words:
            prompt.say("import hotswap, lib")
        prompt.say(START_MARKER)
        if name != "hotswap run -i":
            prompt.say("from lib import SPEED; reloader = hotswap.watch()")
        yield prompt


@pytest.fixture(scope="module", params=PROMPTS)
def running(request, tmp_path_factory):
    """Each kind of prompt, once."""
    with prompt_in(tmp_path_factory.mktemp("prompt"), request.param) as prompt:
        yield prompt


@pytest.fixture
def prompt(running):
    """The prompt, with the first `lib` live."""
    running.save(LIB)
    running.say("pass")
    return running


def test_a_line_sees_what_was_saved_before_it(prompt):
    """Also when it is entered at once; the message stands before its output, and is not repeated."""
    prompt.save(LIB.replace("old", "new"))
    value, seen = prompt.enter("lib.where()")
    assert value == "new"
    assert re.search(r"hotswap: swapped 1 of \d+ modules in [\d.]+ ms: patched lib.where\r*\n(.|\n)*value", seen)
    value, seen = prompt.enter("lib.where()")
    assert (value, "swapped" in seen) == ("new", False)


def test_nothing_is_printed_into_the_line_that_is_being_typed(prompt):
    """Neither by hotswap nor by a module that runs again; both stand below the line once it has been entered.

    Meanwhile the edit is live in the program's threads.
    """
    line = prompt.typed("lib.where()")
    before = len(prompt.run.text)
    prompt.run.type(line[:30])
    prompt.save(LIB.replace("old", "marked") + "print('printed by the module')\n")
    prompt.wait_for_thread()
    threading.Event().wait(0.2)  # time in which something could be printed
    typed = clean(prompt.run.text[before:])
    prompt.run.type(line[30:] + "\r")
    assert prompt.value() == "marked"
    shown = clean(prompt.run.text[before:])
    assert not re.search("printed|hotswap", typed)
    assert shown.index("printed by the module") < shown.index("hotswap: swapped") < shown.index(" marked :end")


def test_a_failure_is_told_once_and_then_reminded_of(prompt):
    """At the module's own line; what is typed runs on the old program."""
    prompt.save(LIB.replace("old", "new") + "oops\n")
    value, first = prompt.enter("lib.where()")
    again, second = prompt.enter("lib.where()")
    assert (value, again) == ("old", "old")
    assert first.count("NameError: name 'oops' is not defined; save again") == 1
    assert re.search(r'lib.py", line 6, in <module>\r*\n\s+oops', first)
    assert second.count("not live yet: lib.py") == 1
    assert "Traceback" not in second


def test_imported_constants_follow(prompt):
    """Until they are bound to something else."""
    if prompt.name == "hotswap run -i":
        prompt.say("from lib import SPEED")
    prompt.save(LIB.replace("1", "2"))
    assert prompt.enter("SPEED")[0] == "2"
    prompt.say("SPEED = 2")
    prompt.save(LIB)
    assert prompt.enter("(SPEED, lib.SPEED)")[0] == "(2, 1)"
    prompt.say("from lib import SPEED")


def test_fifty_lines_entered_right_after_a_save(prompt):
    """None of them sees the text before."""
    seen = []
    for number in range(50):
        prompt.save(LIB.replace("old", f"{number:02}"))
        seen.append(prompt.enter("lib.where()")[0])
    assert seen == [f"{number:02}" for number in range(50)]


@pytest.mark.parametrize("name", ["python -i", "hotswap run -i", "the basic prompt"])
def test_history_and_terminal_are_as_without(tmp_path, name):
    """The arrow brings back the line before, and the terminal is left as it was found."""
    with prompt_in(tmp_path, name) as prompt:
        prompt.say("number = 0")
        prompt.say("number += 1")
        prompt.save(LIB.replace("old", "new"))
        prompt.run.type("\x1b[A\x1b[A\x1b[A\r")  # past the three lines that say() and enter() have typed
        assert prompt.enter("lib.where()")[0] == "new"
        assert prompt.enter("number")[0] in ("1", "2")
        prompt.run.expect(rf"value {prompt.count}: (.|\n)*>>>")  # the key must not come before the prompt reads keys
        prompt.run.type("\x04")
        assert prompt.run.wait() == 0
        modes = termios.tcgetattr(prompt.run.keyboard)[3]
    assert modes & termios.ECHO
    assert modes & termios.ICANON


def test_the_prompt_behind_a_script(tmp_path):
    """`hotswap run -i`: the script's names are there, edits of it and of its modules go live, its course needs a restart."""
    with prompt_in(tmp_path, "hotswap run -i") as prompt:
        assert prompt.enter("scaled(), sys.argv")[0] == "6 ['script.py']"
        save(tmp_path / "script.py", SCRIPT.replace("FACTOR = 3", "FACTOR = 4"))
        assert prompt.enter("scaled()")[0] == "8"
        save(tmp_path / "script.py", SCRIPT.replace("FACTOR = 3", "FACTOR = 4") + "print(FACTOR)\n")
        value, seen = prompt.enter("scaled()")
        assert value == "8"
        assert "script.py needs a restart to go live" in seen
        assert "hotswap.restart()" in seen


@pytest.mark.parametrize(("course", "shown"), [("sys.exit(3)", "SystemExit: 3"), ("1 / 0", "ZeroDivisionError")])
def test_the_prompt_comes_also_behind_a_script_that_ends_badly(tmp_path, course, shown):
    """As with `python -i`: the error is shown as python shows it, and the names are there."""
    (tmp_path / "script.py").write_text(SCRIPT + course + "\n")
    (tmp_path / "lib.py").write_text(LIB)
    with in_terminal(
        "-m", "hotswap", "run", "-i", "script.py", cwd=tmp_path, env=environment(TERM="xterm", HOME=str(tmp_path))
    ) as run:
        run.expect(shown)
        run.expect(">>>")
        assert "hotswap/" not in clean(run.text).replace("-m hotswap", "")
        run.type("print('val' + 'ue:', scaled())\r")
        run.expect("value: 6")


def test_a_prompt_that_is_fed_through_a_pipe(tmp_path):
    """Programs that drive a prompt see the same: each statement begins with what was saved before it."""
    (tmp_path / "lib.py").write_text(LIB)
    process = subprocess.Popen([sys.executable, "-i", "-q"], cwd=tmp_path, env=environment(), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)  # fmt: skip
    with process:
        process.stdin.write("import hotswap, lib; reloader = hotswap.watch(); print('ready')\n")
        seen = [process.stdout.readline()]
        for number in range(30):
            save(tmp_path / "lib.py", LIB.replace("old", f"{number:02}"))
            process.stdin.write("print(lib.where())\n")
            seen.append(process.stdout.readline())
        process.stdin.close()
    assert seen == ["ready\n", *(f"{number:02}\n" for number in range(30))]
