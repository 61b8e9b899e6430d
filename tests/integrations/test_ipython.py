"""`%load_ext hotswap` in a real IPython shell: each cell sees what was saved before it, and says so once."""

from __future__ import annotations

import logging
import re
import sys
import threading

import pytest

import hotswap
from hotswap.importing import hooks

LIB = "SPEED = 1\n\n\ndef where():\n    return 'old'\n"
NEW = LIB.replace("old", "new")


@pytest.fixture
def loaded(room):
    """A shell that has loaded the extension, and imported `lib`."""
    room.save("lib.py", LIB)
    room.run("%load_ext hotswap", "import lib")
    return room


# ---------------------------------------------------------------------- cells see what was saved


def test_a_cell_sees_what_was_saved_before_it(loaded):
    """And says so in one line, before its own output; nothing is said when nothing was saved."""
    assert (loaded.run("lib.where()").value, loaded.run("pass").printed) == ("old", "")
    loaded.save("lib.py", NEW)
    ran = loaded.run("print(lib.where())")
    told, own = ran.lines
    assert re.fullmatch(r"hotswap: swapped 1 of \d+ modules in [\d.]+ ms: patched lib.where", told)
    assert (own, loaded.run("print(lib.where())").printed) == ("new", "new\n")


def test_modules_imported_before_count_too(room):
    """Those that were loaded before the extension was."""
    room.save("lib.py", LIB)
    room.run("import lib", "%load_ext hotswap")
    room.save("lib.py", NEW)
    assert room.run("lib.where()").value == "new"


def test_an_edit_between_import_and_loading_is_not_lost(room):
    """It was saved before anybody watched."""
    room.save("lib.py", LIB)
    room.run("import lib")
    room.save("lib.py", LIB.replace("old", "an edit of another length"))
    room.run("%load_ext hotswap")
    assert room.run("lib.where()").value == "an edit of another length"


def test_what_the_session_holds_stays_valid(loaded):
    """From-imports, instances, bound methods and callbacks of the session run the new code; nothing is made anew."""
    loaded.save(
        "lib.py",
        "class Hero:\n    made = 0\n    def __init__(self):\n        self.x = 3\n    def run(self):\n        return self.x\n",
    )
    loaded.run("from lib import Hero\nhero = Hero()\nrun = hero.run\nlater = [lambda: hero.run()]")
    loaded.save(
        "lib.py",
        "class Hero:\n    made = 0\n    def __init__(self):\n        self.x = 4\n    def run(self):\n        return self.x * 10\n",
    )
    assert loaded.run("hero.run(), run(), later[0](), isinstance(hero, Hero), Hero().run()").value == (
        30,
        30,
        30,
        True,
        40,
    )


def test_a_save_within_the_same_second_and_of_the_same_size_is_seen(loaded):
    """Times of files are not asked."""
    seen = []
    for number in range(30):
        loaded.save("lib.py", LIB.replace("old", f"{number:03}"))
        seen.append(loaded.run("lib.where()").value)
    assert seen == [f"{number:03}" for number in range(30)]


def test_a_cell_within_a_cell_changes_nothing_under_way(loaded):
    """Code that runs a cell goes on afterwards, on the program on which it began."""
    loaded.shell.user_ns["save"] = lambda: loaded.save("lib.py", NEW)
    cell = "save()\nget_ipython().run_cell('inner = lib.where()')\nouter = lib.where()"
    assert loaded.run(cell, "inner, outer, lib.where()").value == ("old", "old", "new")


def test_a_comm_message_sees_what_was_saved(loaded):
    """Widgets' callbacks are announced by `pre_execute` alone; the message waits for the next cell."""
    loaded.save("lib.py", NEW)
    loaded.shell.events.trigger("pre_execute")
    assert sys.modules["lib"].where() == "new"
    assert loaded.run("pass").lines[0].startswith("hotswap: swapped")


# ---------------------------------------------------------------------- failures


def test_a_broken_save_is_told_once_and_the_cell_runs_on_the_old_program(loaded):
    """The error stands at the user's own line, then a reminder in each cell until the file is live."""
    path = loaded.save("lib.py", NEW + "oops\n")
    first, second = loaded.run("print(lib.where())"), loaded.run("print(lib.where())")
    assert first.lines == [
        "hotswap: kept the old code because lib.py:6: NameError: name 'oops' is not defined; save again to retry",
        "Traceback (most recent call last):",
        f'  File "{path}", line 6, in <module>',
        "    oops",
        *([] if "    ^^^^" not in first.lines else ["    ^^^^"]),
        "NameError: name 'oops' is not defined",
        "old",
    ]
    assert second.lines == ["hotswap: not live yet: lib.py (lib.py:6: NameError: name 'oops' is not defined)", "old"]
    loaded.save("lib.py", NEW)
    assert loaded.run("lib.where()").value == "new"
    assert loaded.run("pass").printed == ""


def test_a_required_restart_names_what_would_be_stale(loaded):
    """Why, which names of the session, and what one can do; the cell runs on the old program, whole."""
    loaded.save("lib.py", "class T:\n    __slots__ = ('a',)\nSPEED = 1\n")
    loaded.run("from lib import T\nt = T()\nunrelated = 1")
    loaded.save("lib.py", "class T:\n    __slots__ = ('a', 'b')\nSPEED = 2\n")
    lines = loaded.run("lib.SPEED").lines
    assert lines[0] == "hotswap: lib.py needs a restart to go live; the old code goes on, whole"
    assert "    t: an instance of lib.T" in lines
    assert not any("unrelated" in line for line in lines)
    assert [line.split()[:2] for line in lines if "%" in line] == [["%hotswap", "restart"], ["%hotswap", "now"]]
    assert loaded.run("lib.SPEED").value == 1


def test_force_asks_for_what_can_be_true(loaded):
    """`%hotswap now --force` is a round of its own, and what it says is shown."""
    loaded.save("lib.py", "class T:\n    __slots__ = ('a',)\n")
    loaded.run("import lib\nt = lib.T()")
    loaded.save("lib.py", "class T:\n    __slots__ = ('a', 'b')\n")
    loaded.run("pass")
    before = len(loaded.reloader.history)
    printed = loaded.run("%hotswap now --force").printed
    assert len(loaded.reloader.history) == before + 1
    assert "HS201" in printed


def test_an_interrupted_round_keeps_the_cell_from_running(loaded):
    """Ctrl-C while saved files are applied: the old program is whole, the cell does not run, the save is not lost."""
    loaded.shell.user_ns["lib"].stop = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    loaded.save("lib.py", NEW + "import _thread\n_thread.interrupt_main()\nfor _ in range(10**9): pass\n")
    ran = loaded.run("ran = True")
    assert type(ran.error).__name__ == "InputRejected"
    assert "ran" not in loaded.shell.user_ns
    assert sys.modules["lib"].where() == "old"
    loaded.save("lib.py", NEW)
    assert loaded.run("lib.where()").value == "new"


# ---------------------------------------------------------------------- names at the prompt


def test_constants_imported_at_the_prompt_follow(loaded):
    """Also those imported by the cell that loads the extension, and before it; not those that the user bound since."""
    loaded.run("from lib import SPEED, SPEED as mine\nmine = 1")
    loaded.save("lib.py", LIB.replace("1", "2"))
    assert loaded.run("SPEED, mine").value == (2, 1)
    assert loaded.run("pass").printed == ""


def test_the_cell_that_loads_the_extension_counts(room):
    """Its imports come after it was loaded."""
    room.save("lib.py", LIB)
    room.run("from lib import SPEED as early", "%load_ext hotswap\nfrom lib import SPEED")
    room.save("lib.py", LIB.replace("1", "2"))
    assert room.run("early, SPEED").value == (2, 2)


@pytest.mark.parametrize(
    ("policy", "value", "told"),
    [("offer", 1, "still old at the prompt: SPEED (from lib import SPEED)"), ("keep", 1, "")],
)
def test_what_names_do_can_be_chosen(loaded, policy, value, told):
    """`%hotswap names`."""
    loaded.run("from lib import SPEED", f"%hotswap names {policy}")
    loaded.save("lib.py", LIB.replace("1", "2"))
    ran = loaded.run("print(SPEED)")
    assert ran.lines[-1] == str(value)
    assert told in ran.lines[0]


def test_a_star_brings_what_is_new(loaded):
    """As if the import had been typed again."""
    loaded.run("from lib import *")
    loaded.save("lib.py", LIB + "FRESH = 5\n")
    assert loaded.run("FRESH").value == 5


def test_a_poll_in_a_loop_swaps_within_the_cell(loaded):
    """Asked for by the cell itself; the message is shown there and then, and names imported in the cell follow."""
    loaded.shell.user_ns["save"] = lambda: loaded.save("lib.py", NEW.replace("1", "2"))
    ran = loaded.run(
        """
        import hotswap
        from lib import SPEED
        save()
        for turn in range(10**9):
            if hotswap.poll() is not None:
                break
        print(lib.where(), SPEED)
        """
    )
    assert ran.lines[0].startswith("hotswap: swapped")
    assert ran.lines[1:] == ["new 2"]


def test_the_watchers_thread_swaps_within_a_cell_if_asked(loaded):
    """`%hotswap thread on`: a cell that goes on and on runs what is saved meanwhile, and it is told, now or a little later."""
    loaded.shell.user_ns["save"] = lambda: loaded.save("lib.py", NEW)
    loaded.run("%hotswap thread on")
    ran = loaded.run("save()\nwhile lib.where() == 'old':\n    pass\nprint('seen')")
    lines = ran.lines + loaded.run("pass").lines
    assert [line.split(":")[0] for line in sorted(lines)] == ["hotswap", "seen"]


# ---------------------------------------------------------------------- the magic


def test_off_and_on(loaded):
    """While it is off saved files wait; `now` applies them all the same."""
    loaded.run("%hotswap off")
    loaded.save("lib.py", NEW)
    assert loaded.run("lib.where()").value == "old"
    assert "swapped" in loaded.run("%hotswap now").printed
    assert loaded.run("lib.where()").value == "new"
    loaded.save("lib.py", LIB)
    assert loaded.run("%hotswap on", "lib.where()").value == "old"


def test_plan_tells_before_anything_is_done(loaded):
    """A cell that only gives orders does not apply what was saved."""
    loaded.save("lib.py", LIB.replace("1", "2"))
    assert "lib.SPEED" in loaded.run("%hotswap plan").printed
    assert sys.modules["lib"].SPEED == 1
    assert loaded.run("lib.SPEED").value == 2


def test_why_pending_and_history(loaded):
    """What was done and why, and what was not done."""
    loaded.save("lib.py", LIB.replace("1", "2"))
    loaded.run("pass")
    loaded.save("lib.py", "oops\n")
    loaded.run("pass")
    assert loaded.run("%hotswap why lib.SPEED").printed.startswith("lib.py saved → lib.SPEED bound to 2 ")
    assert loaded.run("%hotswap pending").printed == "lib.py: NameError: name 'oops' is not defined\n"
    assert [line.split()[0] for line in loaded.run("%hotswap history").lines] == ["swapped", "kept"]
    assert len(loaded.run("%hotswap history 1").lines) == 1


def test_graph(loaded):
    """Who imports whom: all, or what concerns one module."""
    loaded.save("app.py", "import lib\n")
    loaded.run("import app")
    assert "app → lib" in loaded.run("%hotswap graph").lines
    imports, imported_by = loaded.run("%hotswap graph lib").lines
    assert (imports, imported_by.split()[:5]) == (
        "lib imports nothing of the program",
        ["lib", "is", "imported", "by", "app,"],
    )


def test_excluded_modules_are_left_alone(loaded):
    """Until they are included again: then what was saved meanwhile goes live."""
    loaded.run("%hotswap exclude lib")
    loaded.save("lib.py", NEW)
    assert (loaded.run("lib.where()").value, loaded.run("pass").printed) == ("old", "")
    loaded.run("%hotswap include lib")
    assert loaded.run("lib.where()").value == "new"


def test_a_broken_module_can_be_excluded(loaded):
    """Nothing is pending any more, and the others go on."""
    loaded.save("other.py", "X = 1\n")
    loaded.run("import other")
    loaded.save("lib.py", "oops\n")
    assert "kept the old code" in loaded.run("pass").printed
    loaded.run("%hotswap exclude lib")
    loaded.save("other.py", "X = 2\n")
    assert loaded.run("other.X").value == 2
    assert loaded.run("pass").printed == ""


def test_only_named_modules_are_kept_up_to_date(loaded):
    """The explicit list; a name on it is imported, and `--all` ends it."""
    loaded.save("other.py", "X = 1\n")
    assert loaded.run("%hotswap only other").printed == "only: other\n"
    loaded.save("lib.py", NEW)
    loaded.save("other.py", "X = 2\n")
    loaded.run("import other")
    assert loaded.run("lib.where(), other.X").value == ("old", 2)
    assert loaded.run("%hotswap only --all", "lib.where()").value == "new"


def test_watching_other_places(loaded):
    """`%hotswap on PATH` watches those from then on; what was saved before is applied first."""
    loaded.save("here/mine.py", "X = 1\n")
    loaded.run("import sys; sys.path.insert(0, 'here'); import mine")
    loaded.save("lib.py", NEW)
    loaded.run("%hotswap on here")
    loaded.save("here/mine.py", "X = 2\n")
    loaded.save("lib.py", LIB)
    assert loaded.run("mine.X, lib.where()").value == (2, "new")


@pytest.mark.parametrize(
    ("level", "swapped", "failed"), [("silent", 0, 0), ("quiet", 0, 1), ("normal", 1, 1), ("verbose", 1, 1)]
)
def test_how_much_is_told(loaded, level, swapped, failed):
    """Nothing, failures, one line, one line and the reasons."""
    loaded.run(f"%hotswap {level}")
    loaded.save("lib.py", NEW)
    first = loaded.run("pass").lines
    loaded.save("lib.py", "oops\n")
    second = loaded.run("pass").lines
    assert (len([x for x in first if "swapped" in x]), len([x for x in second if "kept" in x])) == (swapped, failed)
    assert (len(first) > 1) == (level == "verbose")


def test_outcomes_can_go_to_logging_too(loaded, caplog):
    """`%hotswap log on`."""
    loaded.run("%hotswap log on")
    loaded.save("lib.py", NEW)
    with caplog.at_level(logging.INFO, "hotswap"):
        loaded.run("pass")
    assert [record.getMessage().split()[0] for record in caplog.records if record.name == "hotswap"] == ["swapped"]


def test_the_state(loaded):
    """How things stand, in a few lines; also without any word."""
    assert loaded.run("%hotswap").printed == loaded.run("%hotswap state").printed
    assert loaded.run("%hotswap").lines[0] == "hotswap is on: saved files go live before the next cell"
    loaded.run("%hotswap exclude lib", "%hotswap off")
    lines = loaded.run("%hotswap").lines
    assert (lines[0], "  excluded: lib" in lines) == ("hotswap is off: saved files wait for %hotswap now", True)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("nonsense", "there is no %hotswap nonsense; %hotswap help lists what there is"),
        ("now --now", "usage: %hotswap now [--force]"),
        ("history many", "usage: %hotswap history [COUNT]"),
        ("why", "usage: %hotswap why NAME ..."),
        ("names sometimes", "usage: %hotswap names follow|offer|keep"),
        ("graph nowhere", "nowhere is not a loaded module of the program"),
        ("include lib", "not excluded: lib"),
        ("only no_such_module", "cannot import 'no_such_module': No module named 'no_such_module'"),
        ("on nowhere", "cannot watch 'nowhere': there is no such file or folder; check the spelling"),
        ("help nonsense", "there is no %hotswap nonsense; %hotswap help lists what there is"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(loaded, line, answer):
    """And changes nothing; it is no error of the cell."""
    ran = loaded.run(f"%hotswap {line}")
    assert (ran.printed, ran.error) == (answer + "\n", None)


def test_help(loaded):
    """Every command has a line; `%hotswap?` has them all."""
    from hotswap.integrations.magics import COMMANDS

    assert len(loaded.run("%hotswap help").lines) == len(COMMANDS)
    assert loaded.run("%hotswap help plan").lines == [
        "%hotswap plan                     what `now` would do, without doing it"
    ]
    assert all(name in loaded.run("%hotswap?").printed for name in COMMANDS)


def test_completion(loaded):
    """Commands, and what may follow them."""
    assert loaded.complete("%hotswap pl") == ["plan"]
    assert loaded.complete("%hotswap exclude l") == ["lib"]
    assert loaded.complete("%hotswap names ") == ["follow", "keep", "offer"]
    assert loaded.complete("%hotswap now --") == ["--force"]


# ---------------------------------------------------------------------- coming and going


def test_unloading_leaves_nothing_behind(loaded):
    """No hook, thread, event or magic; the program goes on as it is."""
    from hotswap.integrations.session import Session

    loaded.run("%unload_ext hotswap")
    assert hooks == []
    assert not [t.name for t in threading.enumerate() if t.name.startswith("hotswap")]
    bound = [getattr(f, "__self__", None) for fs in loaded.shell.events.callbacks.values() for f in fs]
    assert not [each for each in (*bound, *loaded.shell.ast_transformers) if isinstance(each, Session)]
    assert "hotswap" not in loaded.shell.magics_manager.magics["line"]
    loaded.save("lib.py", NEW)
    assert loaded.run("lib.where()").value == "old"


def test_loading_again_after_unloading(loaded):
    """It begins anew, and sees what was saved meanwhile."""
    loaded.run("%unload_ext hotswap")
    loaded.save("lib.py", LIB.replace("old", "saved meanwhile"))
    assert loaded.run("%load_ext hotswap", "lib.where()").value == "saved meanwhile"


def test_watch_finds_the_shell(room):
    """`hotswap.watch()` in a cell does what the extension does; again, it returns the same reloader."""
    room.save("lib.py", LIB)
    room.run("import hotswap, lib", "first = hotswap.watch()", "second = hotswap.watch()")
    room.save("lib.py", NEW)
    ran = room.run("print(lib.where(), first is second)")
    assert ran.lines[0].startswith("hotswap: swapped")
    assert ran.lines[1:] == ["new True"]
    assert room.run("%hotswap").error is None


def test_a_reloader_that_was_stopped_is_told(loaded):
    """Saved files would otherwise be left alone in silence; `on` begins again."""
    loaded.run("import hotswap; hotswap.default().stop()")
    loaded.save("lib.py", NEW)
    assert loaded.run("pass").printed.startswith("hotswap: stopped, so saved files no longer go live")
    assert loaded.run("pass").printed == ""
    assert loaded.run("%hotswap on", "lib.where()").value == "new"


def test_a_reloader_with_a_report_of_its_own_is_left_alone(room):
    """Who asks for reports gets them, and decides when rounds are applied."""
    room.save("lib.py", LIB)
    told = []
    room.run("import lib")
    with hotswap.watch(apply="manual", report=told.append) as reloader:
        room.save("lib.py", NEW)
        assert room.run("lib.where()").value == "old"
        reloader.sync()
        assert (room.run("lib.where()").value, len(told)) == ("new", 1)


def test_ipythons_own_reloader_beside_it_is_told(loaded):
    """Once, as it undoes what hotswap keeps."""
    loaded.run("%load_ext autoreload", "%autoreload 2")
    assert "%autoreload is on as well" in loaded.run("pass").printed
    assert loaded.run("pass").printed == ""
    assert "%autoreload is on as well" in loaded.run("%hotswap").printed


def test_a_restart_is_refused_when_the_sources_do_not_compile(loaded):
    """The session is whole, and goes on."""
    loaded.save("lib.py", "x = (\n")
    loaded.run("pass")
    ran = loaded.run("%hotswap restart")
    assert ran.printed.startswith("not restarted: ")
    assert (ran.error, loaded.run("lib.where()").value) == (None, "old")
