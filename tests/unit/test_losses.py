"""What a restart would do and lose, told beforehand."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

import hotswap
from hotswap import hooks, losses, startup, work


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """Each test begins with nothing kept."""
    monkeypatch.setattr(hooks, "_kept", {})


def test_the_plan_names_what_would_be_lost():
    """Unpicklable keys, threads, children and work in progress, each with its sentence."""
    hotswap.keep("good", list)
    hotswap.keep("lock", threading.Lock)
    done, began = threading.Event(), threading.Event()

    def job():
        with work.busy("an upload"):
            began.set()
            done.wait(20)

    thread = threading.Thread(target=job, name="uploader")
    thread.start()
    assert began.wait(20)
    command = [sys.executable, "-S", "-u", "-c", "print();input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()  # before it runs, its command is not to be told
        plan = hotswap.restart_plan()
        done.set()
        thread.join(20)
        child.stdin.close()
    assert plan.kept == ("good",)
    assert plan.unpicklable == (("lock", "TypeError: cannot pickle '_thread.lock' object"),)
    assert "uploader" in plan.threads
    assert f"{child.pid} {' '.join(command)}" in plan.children
    assert plan.work == ("an upload",)
    assert str(plan).splitlines()[0] == f"a restart runs {' '.join(plan.command)} in {startup.remember().folder}"
    assert [line.partition(":")[0] for line in str(plan).splitlines()[1:] if "refused" not in line] == [
        "handed over",
        "made anew, as it does not pickle",
        "threads that end",
        "child processes that go on without their parent's knowledge",
        "work in progress",
    ]


def test_threads_of_hotswap_are_none_of_the_programs():
    """They end with the process and begin with the next one."""
    thread = threading.Thread(target=threading.Event().wait, name="hotswap-x", daemon=True)
    thread.start()
    assert "hotswap-x" not in losses.threads()


def test_a_file_that_does_not_compile_is_a_refusal(tmp_path):
    """The plan says beforehand that the restart would be refused."""
    (tmp_path / "bad.py").write_text("x = (\n")
    (told,) = [text for text in losses.restart_plan([str(tmp_path / "bad.py")]).refusals if "bad.py" in text]
    assert told == f"{tmp_path / 'bad.py'}, line 1: '(' was never closed; correct it"
