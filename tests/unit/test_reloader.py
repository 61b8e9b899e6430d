"""The public face: watching, rounds, what is pending, history and reasons."""

from __future__ import annotations

import os
import sys
import threading
from operator import attrgetter

import pytest

import hotswap
from hotswap import reloader
from hotswap.errors import UsageError
from hotswap.importing import hooks
from hotswap.model import Swapped, Unchanged
from hotswap.reloader import DELIVERIES, Reloader

WRONG = [
    ({"apply": "sometimes"}, "apply='sometimes' is not one of"),
    ({"on_restart": "maybe"}, "on_restart='maybe' is not"),
    ({"on_restart": None}, "on_restart=None is not"),
    ({"poll": -1}, "poll=-1 is neither"),
    ({"poll": "often"}, "poll='often' is neither"),
]


@pytest.mark.parametrize(("options", "told"), WRONG)
def test_arguments_that_make_no_sense_begin_nothing(options, told, tmp_path):
    """UsageError says which one, and no hook, no thread is left behind."""
    threads = threading.active_count()
    with pytest.raises(UsageError, match=told), hotswap.watch(tmp_path, **options):
        pass
    assert (hooks, threading.active_count()) == ([], threads)


def test_a_path_that_is_not_there_is_refused(tmp_path):
    """A misspelt folder would otherwise watch nothing, in silence."""
    with pytest.raises(UsageError, match="no such file or folder"):
        hotswap.watch(tmp_path / "nowhere")
    assert hooks == []


# ---------------------------------------------------------------------- starting and stopping


def test_it_is_a_context_manager(unwatched):
    """It watches inside of the block, and no longer after it."""
    unwatched.reloader = Reloader(unwatched.folder, apply="manual")
    with unwatched.reloader as reloader:
        assert reloader.watching
        a = unwatched.load("a.py", "X = 1\n")
        unwatched.sync("a.py", "X = 2\n")
    assert (a.X, reloader.watching, hooks) == (2, False, [])


def test_starting_and_stopping_twice_is_once(program):
    """Both are idempotent, and it can be started again."""
    a = program.load("a.py", "X = 1\n")
    program.reloader.start()
    assert len(hooks) == 1
    program.reloader.stop()
    program.reloader.stop()
    program.write("a.py", "X = 2\n")
    program.reloader.start()
    program.sync()
    assert a.X == 2


def test_the_default_reloader_is_the_first_that_watches(unwatched, monkeypatch):
    """`hotswap.sync()`, `poll()` and `plan()` speak of it; without one they say so, `poll()` is quiet."""
    monkeypatch.setattr(hotswap, "_default", None)
    with pytest.raises(UsageError, match=r"call hotswap\.watch\(\) first"):
        hotswap.sync()
    assert hotswap.poll() is None
    with hotswap.watch(unwatched.folder, apply="manual"):
        a = unwatched.load("a.py", "X = 1\n")
        unwatched.write("a.py", "X = 2\n")
        assert [s.target for s in hotswap.plan().steps] == ["X"]
        assert (hotswap.sync().kind, a.X) == ("swapped", 2)


# ---------------------------------------------------------------------- several calls of watch()


def test_a_second_call_returns_the_first_reloader(unwatched, monkeypatch):
    """For the same files or some of them; arguments that are not the defaults are set, reports go to both."""
    monkeypatch.setattr(hotswap, "_default", None)
    first: list = []
    second: list = []
    with hotswap.watch(unwatched.folder, apply="manual", on_restart="ask", report=first.append) as reloader:
        a = unwatched.load("a.py", "X = 1\n")
        again = hotswap.watch(unwatched.folder / "a.py", report=second.append)
        unwatched.write("a.py", "X = 2\n")
        reloader.sync()
        assert (again is reloader, reloader.on_restart, reloader.deliver) == (True, "ask", DELIVERIES["manual"])
        assert (a.X, len(first), len(second)) == (2, 1, 1)
        hotswap.watch(unwatched.folder, apply="thread", on_restart="never", poll=0.05)
        assert (reloader.deliver, reloader.on_restart, reloader.status().backend) == (
            DELIVERIES["thread"],
            "ask",
            "scan",
        )


def test_a_reloader_for_more_than_is_watched_is_refused(unwatched):
    """A save would be applied twice; the error says which one to stop."""
    unwatched.write("a.py", "")
    with hotswap.watch(unwatched.folder / "a.py") as reloader:
        with pytest.raises(UsageError, match=r"a\.py is being watched already; stop\(\) that reloader first"):
            hotswap.watch(unwatched.folder)
        assert reloader.watching


def test_other_files_have_a_reloader_of_their_own(unwatched):
    """Two parts of a program that share no file."""
    for name in ("one/a.py", "two/b.py"):
        unwatched.write(name, "")
    with hotswap.watch(unwatched.folder / "one") as one, hotswap.watch(unwatched.folder / "two") as two:
        assert (one is two, one.watching, two.watching) == (False, True, True)


# ---------------------------------------------------------------------- rounds


def test_nothing_saved_is_unchanged(program):
    """A sync without a difference reports nothing, and leaves no history."""
    program.load("a.py", "X = 1\n")
    assert (program.sync(), program.reloader.history) == (Unchanged(), ())


def test_sync_is_a_barrier(program):
    """What was saved before the call is live when it returns, however short ago and however often."""
    a = program.load("a.py", "X = 0\n")
    for number in range(1, 20):
        program.sync("a.py", f"X = {number}\n")
        assert number == a.X


def test_a_round_that_fails_stays_pending(program):
    """The files are named with the reason; the next save retries all of them."""
    a, b = program.load("a.py", "X = 1\n"), program.load("b.py", "Y = 1\n")
    program.write("a.py", "X = 2\n")
    outcome = program.sync("b.py", "Y = 2\n1 / 0\n")
    assert (outcome.kind, a.X, b.Y) == ("rolled_back", 1, 1)
    pending = program.reloader.pending
    assert [os.path.basename(p.path) for p in pending] == ["a.py", "b.py"]
    assert str(pending[1]).endswith("b.py: ZeroDivisionError: division by zero")
    assert program.sync("b.py", "Y = 2\n").kind == "swapped"
    assert (a.X, b.Y, program.reloader.pending) == (2, 2, ())


def test_a_failed_round_is_not_tried_again_in_vain(program):
    """Without another save the same outcome is returned."""
    program.load("a.py", "X = 1\n")
    program.sync("a.py", "X = 1\n1 / 0\n")
    first = program.sync()
    assert first.kind == "rolled_back"
    assert program.sync() is first


def test_undoing_the_edit_clears_what_is_pending(program):
    """When the file holds again what runs, there is nothing to do."""
    program.load("a.py", "X = 1\n")
    program.sync("a.py", "X = = 1\n")
    assert (program.sync("a.py", "X = 1\n").kind, program.reloader.pending) == ("unchanged", ())


def test_history_and_reports(unwatched):
    """Each outcome but `Unchanged` is reported and remembered, oldest first."""
    told: list = []
    unwatched.watch(report=told.append)
    unwatched.load("a.py", "X = 1\n")
    for text in ("X = 2\n", "X = = 1\n", "X = 3\n", "X = 3\n"):
        unwatched.sync("a.py", text)
    assert [o.kind for o in told] == ["swapped", "rolled_back", "swapped"]
    assert tuple(told) == unwatched.reloader.history


def test_the_history_is_bounded(unwatched, monkeypatch):
    """The newest outcomes are kept, the oldest are let go."""
    monkeypatch.setattr(reloader, "KEPT_OUTCOMES", 2)
    unwatched.watch(apply="manual")
    unwatched.load("a.py", "X = 1\n")
    outcomes = [unwatched.sync("a.py", f"X = {number}\n") for number in (2, 3, 4)]
    assert unwatched.reloader.history == tuple(outcomes[1:])


def test_why_without_a_reason(program):
    """A name that was never touched is said to be so."""
    program.load("a.py", "X = 1\n")
    assert program.reloader.why("a.X") == "a.X has not been touched since watching began"


def test_poll_applies_what_has_settled(program):
    """It is None while nothing has, and the outcome once."""
    a = program.load("a.py", "X = 1\n")
    assert program.reloader.poll() is None
    program.write("a.py", "X = 2\n")
    pause, outcome = threading.Event(), None
    for _ in range(2000):
        outcome = program.reloader.poll()
        if outcome is not None:
            break
        pause.wait(0.01)
    assert (type(outcome), a.X, program.reloader.poll()) == (Swapped, 2, None)


def test_a_restart_is_left_to_the_function_that_was_given(unwatched):
    """`on_restart=` takes the outcome; the process is not replaced."""
    told: list = []
    unwatched.watch(on_restart=told.append)
    a = unwatched.load("a.py", "__hotswap__ = 'restart'\nX = 1\n")
    outcome = unwatched.sync("a.py", "__hotswap__ = 'restart'\nX = 2\n")
    assert (told, outcome.kind, a.X) == ([outcome], "restart_required", 1)
    assert [r.code for r in outcome.reasons] == ["HS104"]


# ---------------------------------------------------------------------- applying by itself


@pytest.mark.parametrize("apply", ["auto", "thread"])
def test_saved_files_go_live_by_themselves(unwatched, apply):
    """Without any call of the program's, at the safe point that was asked for."""
    done = threading.Event()
    unwatched.watch(apply=apply, report=lambda _: done.set())
    a = unwatched.load("a.py", "X = 1\n")
    unwatched.write("a.py", "X = 2\n")
    assert done.wait(20)
    assert a.X == 2


def test_main_is_the_main_thread(unwatched):
    """With "main" rounds are applied on the main thread, between two of its bytecodes."""
    where: list = []
    unwatched.watch(apply="main", report=lambda _: where.append(threading.current_thread()))
    unwatched.load("a.py", "X = 1\n")
    unwatched.write("a.py", "X = 2\n")
    pause = threading.Event()
    for _ in range(2000):
        if where:
            break
        pause.wait(0.01)
    assert where == [threading.main_thread()]


def test_a_busy_thread_never_sees_half_a_round(program):
    """Patched functions looked at at full speed are all old or all new, never a mixture."""
    text = "def one(): return {0}\ndef two(): return {0}\nclass C:\n def m(self): return {0}\n"
    a = program.load("a.py", text.format(100))
    functions = (a.one, a.two, a.C.m)
    stop, seen = threading.Event(), set()

    def read():
        while not stop.is_set():
            # One call into C reads all of them: no switch of threads comes in between on the reader's side.
            codes = tuple(map(attrgetter("__code__"), functions))
            seen.add(tuple(code.co_consts[-1] for code in codes))

    reader = threading.Thread(target=read)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    reader.start()
    try:
        for number in range(101, 140):
            outcome = program.sync("a.py", text.format(number))
            assert (outcome.ran, len(outcome.patched)) == ((), 3)
    finally:
        sys.setswitchinterval(before)
        stop.set()
        reader.join(20)
    assert [s for s in seen if len(set(s)) > 1] == []
    assert len(seen) > 1


# ---------------------------------------------------------------------- files of all kinds


def test_modules_imported_before_watching_are_kept_up_to_date(unwatched):
    """Their dependents too."""
    lib = unwatched.load("lib.py", "X = 1\ndef f(): return X\n")
    a = unwatched.load("a.py", "from lib import X, f\nY = X + 1\nZ = f()\n")
    unwatched.watch()
    outcome = unwatched.sync("lib.py", "X = 2\ndef f(): return X\n")
    assert (outcome.kind, lib.X, a.X, a.Y, a.Z) == ("swapped", 2, 2, 3, 2)


def test_a_file_of_several_names_is_all_of_them(program):
    """Both modules that were made from the file run the new text."""
    program.write("pkg/mod.py", "X = 1\n")
    one = program.import_("pkg.mod")
    sys.path.insert(0, str(program.folder / "pkg"))
    try:
        two = program.import_("mod")
    finally:
        sys.path.remove(str(program.folder / "pkg"))
    program.sync("pkg/mod.py", "X = 2\n")
    assert (one.X, two.X, one is two) == (2, 2, False)


def test_a_link_is_followed(program):
    """The module was imported through a link; what is saved is the file that it points to."""
    program.write("real/target.py", "X = 1\n")
    (program.folder / "a.py").symlink_to(program.folder / "real" / "target.py")
    a = program.import_("a")
    program.sync("real/target.py", "X = 2\n")
    assert a.X == 2


def test_namespace_packages_are_packages(program):
    """Folders without `__init__.py`."""
    a = program.load("space/inner/a.py", "X = 1\n")
    program.sync("space/inner/a.py", "X = 2\n")
    assert (a.X, getattr(sys.modules["space"], "__file__", None)) == (2, None)


def test_a_deleted_module_comes_back_as_itself(program):
    """While the file is away the module is not importable; whoever holds it sees the restored one."""
    a = program.load("a.py", "X = 1\n")
    (program.folder / "a.py").unlink()
    assert (program.sync().removed, "a" in sys.modules) == (("a",), False)
    program.sync("a.py", "X = 2\n")
    assert (program.import_("a") is a, a.X) == (True, 2)


def test_a_deleted_module_that_is_still_imported_is_an_error(program):
    """Its importers cannot run: the round is rolled back and everything is as it was."""
    a = program.load("a.py", "X = 1\n")
    b = program.load("b.py", "import a\nY = a.X\n")
    (program.folder / "a.py").unlink()
    outcome = program.sync()
    assert (outcome.kind, type(outcome.error)) == ("rolled_back", ModuleNotFoundError)
    assert (sys.modules["a"] is a, b.a is a, b.Y) == (True, True, 1)


@pytest.mark.parametrize("data", [b"X = 2\n# \xff\n", b"X = 2\n\0\n", b"# coding: none-such\nX = 2\n", b"X = (\n"])
def test_bytes_that_are_no_python_roll_back(program, data):
    """Undecodable bytes, null bytes, unknown encodings: the old code stays, the file is named."""
    a = program.load("a.py", "X = 1\n")
    outcome = program.sync("a.py", data)
    assert outcome.kind == "rolled_back"
    assert (type(outcome.error), outcome.path, a.X) == (SyntaxError, a.__file__, 1)
    assert program.sync("a.py", "X = 2\n").kind == "swapped"


def test_a_directory_in_place_of_the_file(program):
    """The file is gone; when it is a file again the module is back."""
    a = program.load("a.py", "X = 1\n")
    path = program.folder / "a.py"
    path.unlink()
    path.mkdir()
    assert program.sync().removed == ("a",)
    path.rmdir()
    program.sync("a.py", "X = 2\n")
    assert program.import_("a") is a
    assert a.X == 2


def test_a_file_that_is_gone_for_a_moment(program):
    """Deleted and written anew before anybody looked: an edit like any other."""
    a = program.load("a.py", "X = 1\n")
    (program.folder / "a.py").unlink()
    program.sync("a.py", "X = 2\n")
    assert (a.X, sys.modules["a"] is a) == (2, True)


def test_an_empty_file_is_a_module_without_names(program):
    """All names leave; the module stays."""
    a = program.load("a.py", "X = 1\ndef f(): pass\n")
    program.write("a.py", "")
    program.sync()
    assert (hasattr(a, "X"), hasattr(a, "f"), sys.modules["a"] is a) == (False, False, True)


def test_a_new_module_is_imported_by_those_who_ask_for_it(program):
    """A file that nobody imports is none of the program's; with its import it comes in."""
    a = program.load("a.py", "X = 1\n")
    assert program.sync("b.py", "Y = 5\n").kind == "unchanged"
    outcome = program.sync("a.py", "import b\nX = b.Y\n")
    assert (outcome.imported, a.X) == (("b",), 5)
    program.sync("b.py", "Y = 6\n")
    assert a.X == 6


def test_a_module_that_becomes_a_package_stays_itself(program):
    """a.py → a/__init__.py."""
    a = program.load("a.py", "X = 1\n")
    (program.folder / "a.py").unlink()
    program.sync("a/__init__.py", "X = 2\n")
    assert (sys.modules["a"] is a, a.X, a.__path__) == (True, 2, [str(program.folder / "a")])


# ---------------------------------------------------------------------- the module's own wish


def test_a_module_that_asks_to_be_left_alone(program):
    """`__hotswap__ = "off"`: the old code goes on, and nothing of it runs."""
    a = program.load("a.py", "__hotswap__ = 'off'\nX = 1\n")
    assert program.sync("a.py", "__hotswap__ = 'off'\nX = 2\n").kind != "swapped"
    assert a.X == 1


def test_a_module_that_asks_to_run_whole(program):
    """`__hotswap__ = "reload"`: every statement of it runs, definitions keep their identity."""
    a = program.load("a.py", "__hotswap__ = 'reload'\nlog = []\ndef f(): return 1\nX = object()\n")
    f, x = a.f, a.X
    outcome = program.sync("a.py", "__hotswap__ = 'reload'\nlog = []\ndef f(): return 2\nX = object()\n")
    assert (a.f is f, f(), a.X is x, len(outcome.ran)) == (True, 2, False, 4)


def test_a_wish_that_nobody_knows_is_not_ignored(program):
    """A misspelt `__hotswap__` is said, not taken for none."""
    program.load("a.py", "__hotswap__ = 'restrat'\nX = 1\n")
    assert "restrat" in str(program.sync("a.py", "__hotswap__ = 'restrat'\nX = 2\n"))


def test_force_applies_what_can_be_true(program):
    """`sync(force=True)` swaps the rest of a round that needs a restart, and names what stays old."""
    a = program.load("a.py", "__hotswap__ = 'restart'\nX = 1\n")
    b = program.load("b.py", "Y = 1\n")
    program.write("b.py", "Y = 2\n")
    assert program.sync("a.py", "__hotswap__ = 'restart'\nX = 2\n").kind == "restart_required"
    outcome = program.sync(force=True)
    assert (a.X, b.Y) == (1, 2)
    assert "HS104" in str(outcome)


# ---------------------------------------------------------------------- what shells and prompts ask of it


def test_a_round_that_is_interrupted_is_not_forgotten(program):
    """Ctrl-C in the middle of a round: the process is as it was, and the save counts with the next one."""
    a = program.load("a.py", "X = 1\n")
    with pytest.raises(KeyboardInterrupt):
        program.sync("a.py", "X = 2\nraise KeyboardInterrupt\n")
    assert a.X == 1
    program.load("b.py", "")
    assert program.sync("a.py", "X = 3\n").kind == "swapped"
    assert a.X == 3


def test_what_was_noticed_before_an_interrupt_is_applied_after_it(program):
    """Also a file that nobody saves again."""
    a, b = program.load("a.py", "X = 1\n"), program.load("b.py", "Y = 1\n")
    program.write("b.py", "Y = 2\n")
    with pytest.raises(KeyboardInterrupt):
        program.sync("a.py", "X = 2\nraise KeyboardInterrupt\n")
    assert (program.sync("a.py", "X = 3\n").kind, a.X, b.Y) == ("swapped", 3, 2)


def test_a_failed_round_is_told_and_kept_once(program):
    """A sync before which nothing was saved returns the same outcome, and neither reports nor repeats it."""
    told = []
    program.load("a.py", "X = 1\n")
    program.reloader.report = told.append
    first = program.sync("a.py", "X = 1\n1 / 0\n")
    assert program.sync() is first
    assert (told, program.reloader.history) == ([first], (first,))


def test_a_limit_lets_the_others_wait(program):
    """Until it is lifted; what was pending is looked at anew."""
    a, b = program.load("a.py", "X = 1\n"), program.load("b.py", "Y = 1\n")
    program.sync("b.py", "1 / 0\n")
    program.reloader.limit(lambda paths: frozenset(p for p in paths if p.endswith("a.py")))
    assert (program.sync("a.py", "X = 2\n").kind, a.X, program.reloader.pending) == ("swapped", 2, ())
    program.write("b.py", "Y = 2\n")
    assert (program.sync().kind, b.Y) == ("unchanged", 1)
    assert not program.plan()
    program.reloader.limit(None)
    assert (program.sync().kind, b.Y) == ("swapped", 2)


def test_one_can_be_called_before_each_round(program):
    """While the modules still hold what they held."""
    seen = []
    a = program.load("a.py", "X = 1\n")
    program.sync()
    program.reloader.prepare = lambda: seen.append(a.X)
    program.sync("a.py", "X = 2\n")
    program.sync("a.py", "X = 3\n")
    assert seen == [1, 2]


def test_how_a_settled_batch_is_delivered_can_be_chosen(unwatched):
    """By a function that is given what applies it."""
    delivered = threading.Event()
    takes = []
    reloader = unwatched.watch(apply="thread")
    reloader.deliver = lambda take: (takes.append(take), delivered.set())
    a = unwatched.load("a.py", "X = 1\n")
    unwatched.write("a.py", "X = 2\n")
    assert delivered.wait(30)
    assert a.X == 1
    takes[0]()
    assert a.X == 2


def test_it_says_what_it_is(program):
    """A cell that ends in `hotswap.watch()` shows it."""
    program.load("a.py", "X = 1\n")
    assert repr(program.reloader) == "<hotswap.Reloader: watching, 1 modules>"
    program.reloader.stop()
    assert repr(program.reloader) == "<hotswap.Reloader: not watching, 1 modules>"


def test_how_the_process_is_left_can_be_chosen(program):
    """By a function that is given the reason, and the files that have to compile."""
    asked = []
    program.load("a.py", "X = 1\n")
    program.sync("a.py", "1 / 0\n")
    program.reloader.leave = lambda *words: asked.append(words)
    program.reloader.restart("because")
    assert asked == [("because", (str(program.folder / "a.py"),))]


def test_a_table_beside_the_modules_is_no_module(program):
    """A data file that nobody has dealt with runs nothing, also if a module of its name is loaded."""
    level = program.load("level.py", "ROWS = []\n")
    other = program.load("other.py", "import level\nSEEN = [level]\n")
    program.reloader.watch_directory(program.folder, "*.json", lambda changes: None)
    before = other.SEEN
    outcome = program.sync("level.json", "{}")
    assert (outcome.kind, other.SEEN is before, level.ROWS) == ("unchanged", True, [])
