"""What statements of the program asked for."""

from __future__ import annotations

import sys
import types

import pytest

from hotswap.asked import Asked, At, Table, forget, is_definition, key_of, made_anew, running_statement, tables
from hotswap.journal import Journal


@pytest.fixture
def table():
    """A table of its own."""
    made: Table[str] = Table()
    yield made
    tables.remove(made)


def asked(key: object, line: int = 1, module: str = "m") -> Asked[str]:
    return Asked(module, line, key, f"thing {key}")


def test_a_request_of_the_same_key_replaces_the_first(table):
    """It counts as the newest."""
    for entry in (asked("a"), asked("b"), asked("a", line=5)):
        table.put(entry)
    assert list(table) == [asked("b"), asked("a", line=5)]
    assert (table.get("a"), table.get("c")) == ("thing a", None)


def test_requests_move_with_their_statements(table):
    """Those of the module, in one go; a key that tells the line follows; what no statement asked for stays."""
    for entry in (asked(At("x", "m", 1)), asked(At("x", "m", 2), 2), asked("b", 0), asked("c", 1, "other")):
        table.put(entry)
    table.move("m", lambda entry: entry.line + 1)
    assert [(entry.key, entry.line) for entry in table] == [
        (At("x", "m", 2), 2), (At("x", "m", 3), 3), ("b", 0), ("c", 1),
    ]  # fmt: skip


def test_a_rollback_restores_what_was_asked_for(table):
    """Whatever was forgotten or asked for meanwhile."""
    table.put(asked("a"))
    journal = Journal()
    table.remember(journal)
    forget(lambda entry: entry.key == "a")
    table.put(asked("b"))
    journal.rollback()
    assert list(table) == [asked("a")]


def test_a_module_that_is_imported_again_asks_anew(table):
    """What it asked for before is forgotten, but for what no statement asked; unless the import fails."""
    for entry in (asked("a"), asked("b", 0), asked("c", 1, "other")):
        table.put(entry)
    with pytest.raises(ZeroDivisionError), made_anew("m"):
        1 / 0  # noqa: B018  it raises
    before = list(table)
    with made_anew("m"):
        pass
    assert ([e.key for e in before], [e.key for e in table]) == (["a", "b", "c"], ["b", "c"])


def test_which_statement_is_running(tmp_path):
    """The innermost body of a module or class on the stack, and its line; code without a file is passed over."""
    module = types.ModuleType("some")
    text = "found.append(ask())\n\n\nclass C:\n    found.append(ask())\n\n\ndef f():\n    exec('found.append(ask())')\n\n\nf()\n"
    module.found, module.ask = [], lambda: running_statement(sys._getframe(1))
    exec(compile(text, str(tmp_path / "some.py"), "exec"), module.__dict__)
    assert module.found == [("some", 1), ("some", 5), ("some", 12)]


def test_a_thread_that_runs_functions_only_is_no_statement():
    """Nothing is on its stack but functions."""
    import threading

    found = []
    thread = threading.Thread(target=lambda: found.append(running_statement(sys._getframe())))
    thread.start()
    thread.join()
    assert found == [("", 0)]


class Liar:
    """Equal to everything."""

    def method(self):
        pass

    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = None


def test_what_tells_functions_from_each_other():
    """Definitions by their name, bound methods by their object, all else by itself."""

    def inner():
        pass

    liar = Liar()
    assert key_of(key_of) == ("hotswap.asked", "key_of")
    assert key_of(liar.method) == key_of(liar.method) == (id(liar), "method")
    assert (key_of(inner), key_of(liar)) == ((id(inner),), (id(liar),))


def test_what_counts_as_a_definition():
    """A function that can be found by its name; not `_`, of which a module has many."""

    def inner():
        pass

    def _():
        pass

    _.__qualname__ = "_"
    assert [is_definition(f) for f in (key_of, Liar.method, inner, _, len, Liar())] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
