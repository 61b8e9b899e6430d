"""What is kept comes through a restart: values, sockets, descriptors; and nothing else does."""

from __future__ import annotations

import os
import re
import signal

import pytest

from tests.process.running import environment, started

RUN = ("-m", "hotswap", "run", "--quiet")

AGAIN = """\
import functools, os, signal, socket, sys, threading, time
import hotswap
from hotswap.restart import remember_start

remember_start()
GENERATION = hotswap.keep("generation", lambda: [0])
GENERATION[0] += 1


def again(last=3):
    if GENERATION[0] < last:
        hotswap.restart_now()
"""
AGAIN = AGAIN.replace(
    "hotswap.restart_now()", 'from hotswap.restart import restart\n        restart("the test asks for it")'
)


def told(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("hotswap:")]


@pytest.mark.parametrize("runner", [(), RUN, (*RUN, "--strategy", "supervise")], ids=["python", "run", "supervise"])
def test_what_is_kept_comes_through(tmp_path, runner):
    """Values are equal, sockets are the same connections with their timeouts, descriptors the same open files."""
    (tmp_path / "data").write_text("0123456789")
    (tmp_path / "program.py").write_text(
        AGAIN + "made = []\n"
        "value = hotswap.keep('value', lambda: made.append('value') or {'a': [1, (2.5, None)]})\n"
        "server = hotswap.keep('server', lambda: made.append('server') or socket.create_server(('127.0.0.1', 0)))\n"
        "pair = hotswap.keep('pair', lambda: made.append('pair') or dict(enumerate(socket.socketpair())))\n"
        "file = hotswap.keep('file', lambda: made.append('file') or hotswap.Descriptor(os.open('data', os.O_RDONLY)))\n"
        "if made:\n    pair[1].settimeout(20)\n    address = hotswap.keep('address', server.getsockname)\n"
        "pair[0].send(b'through the pair')\n"
        "print(made, value, server.getsockname() == hotswap.keep('address', tuple), pair[0].gettimeout(), pair[1].gettimeout(),\n"
        "      pair[1].recv(99), os.read(file, 3), type(file).__name__, [os.get_inheritable(fd) for fd in (file, server.fileno())])\n"
        "again()\n"
    )
    with started(*runner, "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
    same = "{'a': [1, (2.5, None)]} True None 20.0 b'through the pair'"
    assert told(run.text) == [
        f"['value', 'server', 'pair', 'file'] {same} b'012' Descriptor [False, False]",
        f"[] {same} b'345' Descriptor [False, False]",
        f"[] {same} b'678' Descriptor [False, False]",
    ]


def test_what_does_not_pickle_is_named_and_made_anew(tmp_path):
    """A kept lock, lambda or closed socket is told of beforehand and as it is lost; the rest comes through."""
    (tmp_path / "program.py").write_text(
        AGAIN + "lock = hotswap.keep('lock', threading.Lock)\nrule = hotswap.keep('rule', lambda: lambda: 1)\n"
        "other = hotswap.keep('other', dict)\nother[len(other)] = GENERATION[0]\n"
        "closed = hotswap.keep('closed', socket.socket)\nclosed.close()\n"
        "print(other, [key for key, why in hotswap.restart_plan().unpicklable], hotswap.restart_plan().kept)\nagain(2)\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
    lost = "['lock', 'rule', 'closed'] ('generation', 'other')"
    assert told(run.text) == [f"{{0: 1}} {lost}", f"{{0: 1, 1: 2}} {lost}"]
    run.expect(
        r"hotswap: keep\('lock'\) will be made anew, it does not pickle: TypeError: cannot pickle '_thread.lock'"
    )
    run.expect(r"keep\('rule'\) will be made anew")
    run.expect(r"keep\('closed'\) will be made anew, it does not pickle: PicklingError: a socket in it is closed")


def test_what_cannot_be_read_is_named_and_made_anew(tmp_path):
    """A value whose class is gone, or refuses, is made by its factory, with the reason."""
    (tmp_path / "program.py").write_text(
        AGAIN + "if GENERATION[0] == 1:\n    class Gone:\n        pass\nelse:\n    Gone = None\n"
        "value = hotswap.keep('value', lambda: Gone() if Gone else 'made anew')\n"
        "if Gone is None:\n    print(value)\nagain(2)\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
    assert told(run.text) == ["made anew"]
    run.expect(r"keep\('value'\) is made anew, it did not come through the restart: UnpicklingError: ")


def test_a_start_that_fails_half_way_loses_nothing(tmp_path):
    """What a process was handed and did not ask for, since it crashed before, is handed on to the next one."""
    (tmp_path / "program.py").write_text(
        AGAIN + "if GENERATION[0] == 2:\n    again()\n"
        "value, (ours, theirs) = hotswap.keep('value', lambda: ['first']), hotswap.keep('pair', socket.socketpair)\n"
        "theirs.send(b'x')\nprint(GENERATION[0], value, ours.recv(1))\nagain()\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
    assert told(run.text) == ["1 ['first'] b'x'", "3 ['first'] b'x'"]


def test_children_see_nothing_of_it(tmp_path):
    """No variable of hotswap's is in the environment of the program or its children, and none of its descriptors."""
    (tmp_path / "program.py").write_text(
        AGAIN + "import subprocess\nsock = hotswap.keep('sock', socket.socket)\n"
        'code = \'import os; print([k for k in os.environ if "HOTSWAP" in k], len(os.listdir("/proc/self/fd")))\'\n'
        "print([k for k in os.environ if 'HOTSWAP' in k], flush=True)\n"
        "subprocess.run([sys.executable, '-c', code], close_fds=False)\n"
        "if not os.fork():\n    import hotswap.handover as h\n    print(list(h.received.values), flush=True)\n    os._exit(0)\n"
        "os.wait()\nagain()\n"
    )
    with started("-W", "ignore", "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
    lines = told(run.text)
    assert len(lines) == 9
    assert lines == lines[:3] * 3


def test_the_number_of_a_descriptor_is_no_secret_key(tmp_path):
    """A variable that was meant for another process, or says nonsense, is not believed."""
    (tmp_path / "program.py").write_text(
        "import hotswap, hotswap.handover as h\nprint(h.received.values, hotswap.keep('x', str))"
    )
    for value in ("exec:1:0", "child:1:0", "exec:x:9", "nonsense", "exec::"):
        with started("program.py", cwd=tmp_path, env=environment(_HOTSWAP_HANDOVER=value)) as run:
            assert run.wait() == 0, run.text
            assert told(run.text) == ["{} "]


def test_a_large_state_comes_through(tmp_path):
    """More than a pipe, an argument or a variable of the environment could hold."""
    (tmp_path / "program.py").write_text(
        AGAIN + "value = hotswap.keep('value', lambda: os.urandom(30_000_000))\nprint(hash(value))\nagain()\n"
    )
    with started("program.py", cwd=tmp_path, env=environment(PYTHONHASHSEED="1")) as run:
        assert run.wait() == 0, run.text
    assert len(told(run.text)) == 3
    assert len(set(told(run.text))) == 1


def test_hooks_run_once_each_newest_first_before_exit_handlers(tmp_path):
    """`on_dispose` hooks of all modules run once in each generation that is replaced, in order, and may raise."""
    (tmp_path / "module.py").write_text(
        "import hotswap\n\n\n@hotswap.on_dispose\ndef first():\n    print('module', flush=True)\n"
    )
    (tmp_path / "program.py").write_text(
        AGAIN
        + "import atexit\nprint = functools.partial(print, flush=True)\natexit.register(print, 'exit')\nimport module\n\n\n@hotswap.on_dispose\ndef second():\n"
        "    print(state.append('disposed') or 'script')\n\n\n"
        "@hotswap.on_dispose\ndef third():\n    1 / 0\n\n\n"
        "state = hotswap.keep('state', list)\nprint(GENERATION[0], state)\nagain()\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
    assert told(run.text) == [
        *("1 []", "script", "module", "exit"),
        *("2 ['disposed']", "script", "module", "exit"),
        *("3 ['disposed', 'disposed']", "exit"),
    ]
    assert run.count("on_dispose: __main__.third raised ZeroDivisionError") == 2


MANY = """\
import atexit, faulthandler, os, signal, socket, sys, tempfile, threading, time
import hotswap

sys.dont_write_bytecode = True
reloader = hotswap.watch(apply="thread")
state = hotswap.keep("state", lambda: {"count": 0, "blob": os.urandom(5000), "sum": 0})
server = hotswap.keep("server", lambda: socket.create_server(("127.0.0.1", 0)))
state["count"] += 1
state["sum"] += sum(state["blob"])
leak = os.open(__file__, os.O_RDONLY)
os.set_inheritable(leak, True)
temporary = tempfile.TemporaryDirectory()
signal.setitimer(signal.ITIMER_REAL, 100)
facts = (
    os.getpid(), len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")), len(os.listdir(os.environ["TMPDIR"])),
    server.getsockname()[1], hash(state["blob"]), state["sum"] == state["count"] * sum(state["blob"]), os.isatty(0),
    open("/proc/self/status").read().split("SigBlk")[1][:80].split(),
)
print("facts", state["count"], facts, flush=True)
if state["count"] <= 130:
    import tty
    tty.setraw(0)
    hotswap.restart()
import termios
print("mode", *termios.tcgetattr(0)[:4], flush=True)
"""


def test_a_hundred_and_thirty_restarts(tmp_path):
    """The same process all along: no descriptor, thread, temporary file, timer or terminal mode lost or left, state intact."""
    from tests.process.running import in_terminal

    (tmp_path / "program.py").write_text(MANY)
    (tmp_path / "temporary").mkdir()
    env = environment(TMPDIR=str(tmp_path / "temporary"), PYTHONHASHSEED="1", TERM="xterm")
    with in_terminal("program.py", cwd=tmp_path, env=env) as run:
        import termios

        mode = termios.tcgetattr(run.keyboard)[:4]
        assert run.wait(100) == 0, run.text[-3000:]
        assert termios.tcgetattr(run.keyboard)[:4] == mode
        lines = re.findall(r"facts (\d+) (.*?)\r?\n", run.text)
        assert [int(number) for number, _ in lines] == list(range(1, 132))
        assert {facts for _, facts in lines} == {lines[0][1]}
        assert lines[0][1].startswith(f"({run.pid},")


# ---- killed in the middle


STEPS = {
    "on_dispose": "hotswap.on_dispose(kill)",
    "looking for sockets": "import socket\nclass Bomb:\n    __reduce__ = lambda self: kill()\nbomb = hotswap.keep('bomb', Bomb)",
    "pickling": "import socket\ncalls = []\nclass Bomb:\n    def __reduce__(self):\n        calls.append(1)\n"
    "        if len(calls) == 2:\n            kill()\n        return list, ()\nbomb = hotswap.keep('bomb', Bomb)",
    "writing": "import pickle, hotswap.handover as h\ndump = pickle.dump\n"
    "def half(value, file, protocol):\n    file.write(b'half'); file.flush(); tell(); kill()\npickle.dump = half",
    "watcher": "later = kill",
    "exit handlers": "import atexit\natexit.register(kill)",
    "buffers": "import io\nclass File(io.TextIOWrapper):\n    def flush(self):\n        kill()\nfile = File(io.BytesIO())",
    "exec": "def execve(*_):\n    tell()\n    kill()\nos.execve = execve",
    "reading": "pass",
}
KILLED = """\
import os, signal, sys
os.umask(0)
if "--no-memfd" in sys.argv:
    del os.memfd_create
import hotswap
from hotswap.restart import remember_start, restart

later = lambda: None


def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def tell():
    for fd in os.listdir("/proc/self/fd"):
        try:
            name = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if "hotswap" in name and "program" not in name and "deleted" in name:
            print("open", name.startswith("/memfd"), flush=True)


class Trap:
    def __setstate__(self, state):
        kill()


secret = hotswap.keep("secret", lambda: "the secret " * 1000)
trap = hotswap.keep("trap", Trap)
trap.x = 1
"""


@pytest.mark.parametrize("memory", ["memory", "file"])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_killed_at_any_step_it_leaves_nothing(tmp_path, step, memory):
    """After kill -9 in the middle of a restart there is no file that holds the state, not even in part."""
    (tmp_path / "program.py").write_text(KILLED + f"{step}\nremember_start()\nrestart('', before=lambda: later())\n")
    (tmp_path / "temporary").mkdir()
    words = ["program.py", *(["--no-memfd"] if memory == "file" else [])]
    with started(*words, cwd=tmp_path, env=environment(TMPDIR=str(tmp_path / "temporary"))) as run:
        assert run.wait() == -signal.SIGKILL, run.text
    assert os.listdir(tmp_path / "temporary") == []
    assert sorted(os.listdir(tmp_path)) == ["program.py", "temporary"]
    assert run.count("open True") == (memory == "memory" and "tell()" in step)


# ---- limits (docs/explanation/limits.md)


@pytest.mark.xfail(strict=True, reason="each key is pickled by itself")
def test_an_object_under_two_keys_stays_one(tmp_path):
    """What two keys share is one object after a restart too."""
    (tmp_path / "program.py").write_text(
        AGAIN + "shared = hotswap.keep('shared', list)\nholder = hotswap.keep('holder', lambda: [shared])\n"
        "print('same', holder[0] is shared)\nagain(2)\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert re.findall(r"same (\w+)", run.text) == ["True"] * 2


@pytest.mark.xfail(strict=True, reason="C code that does not return cannot be unwound")
def test_finally_blocks_around_c_code_run(tmp_path):
    """A main thread blocked in C code runs its `finally` blocks before the process is replaced."""
    (tmp_path / "program.py").write_text(
        AGAIN + "import ctypes\nlibc, lock = ctypes.CDLL(None), ctypes.create_string_buffer(64)\n"
        "libc.pthread_mutex_lock(lock)\nif GENERATION[0] == 1:\n"
        "    from hotswap.restart import restart\n    threading.Timer(0.1, restart, [''], {'deadline': 0.2}).start()\n"
        "    try:\n        libc.pthread_mutex_lock(lock)\n    finally:\n        print('finally')\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert run.count("finally") == 1
