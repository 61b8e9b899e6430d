"""Planning: what a change set means, whole plans as text.  Nothing is executed."""

from __future__ import annotations

from textwrap import dedent

import pytest

LEVEL = "SPEED = 1\n\ndef faster(n): return n * SPEED\n"
ENEMY = """
    import level
    from level import SPEED
    FAST = SPEED * 2
    class Enemy:
        speed = level.SPEED
        def update(self): return FAST
    ALL = [Enemy()]
"""


@pytest.fixture
def game(program):
    """Level ← enemy ← game: each imports the one before."""
    program.load("level.py", LEVEL)
    program.load("enemy.py", ENEMY)
    program.load("game.py", "from enemy import FAST, Enemy\nTOP = FAST + 1\nhandlers = {'enemy': Enemy.update}\n")
    return program


def planned(program, name, text):
    return str(program.plan(name, text)).splitlines()


def test_nothing_saved_is_nothing_to_do(game):
    """Without a difference the plan is empty, and false."""
    plan = game.plan()
    assert (str(plan), bool(plan)) == ("nothing to do", False)


def test_a_comment_runs_nothing(game):
    """Only positions move."""
    assert planned(game, "level.py", "# why\n" + LEVEL) == ["relocate level.faster (line 4): its lines moved"]


def test_the_body_of_a_function_runs_nothing(game):
    """It is patched; nobody called it while importing."""
    text = LEVEL.replace("n * SPEED", "n + SPEED")
    assert planned(game, "level.py", text) == ["patch    level.faster (line 3): its body was edited"]


def test_a_value_runs_its_dependents_in_order(game):
    """The edited statement runs; those that read it only if it was really bound to something else."""
    assert planned(game, "level.py", LEVEL.replace("1", "2")) == [
        "run      level.SPEED (line 1): it was edited",
        "run      enemy.SPEED (line 2) if level.SPEED changed: it reads SPEED",
        "run      enemy.FAST (line 3) if enemy.SPEED or level.SPEED changed: it reads SPEED",
        "run      enemy.Enemy.speed (line 5) if level.SPEED changed: it reads SPEED",
        "run      game.FAST (line 1) if enemy.FAST changed: it reads FAST",
        "run      game.TOP (line 2) if enemy.FAST or game.FAST changed: it reads FAST",
        "run      game.handlers (line 3) if game.Enemy changed: it reads Enemy",
    ]


def test_a_method_leaves_those_who_hold_it_alone(game):
    """Registries and instances hold the class or the method: neither runs again."""
    text = dedent(ENEMY).lstrip().replace("return FAST", "return -FAST")
    assert planned(game, "enemy.py", text) == ["patch    enemy.Enemy.update (line 6): its body was edited"]


def test_a_name_that_left_goes_before_anything_runs(game):
    """Removals stand first, then what leaned on the name."""
    assert planned(game, "level.py", "def faster(n): return n\n")[0] == "remove   level.SPEED: it left the source"


def test_a_deleted_file_takes_its_module_out(game):
    """The module goes, and those who import it run again (and will say so if they cannot)."""
    (game.folder / "level.py").unlink()
    plan = game.plan()
    assert str(plan.steps[0]) == "remove   level.*: its file is gone"
    assert [s.target for s in plan.steps if s.module == "enemy"][:2] == ["level", "SPEED"]


def test_two_files_are_one_plan(game):
    """Files that were saved together are planned together, dependencies first."""
    game.write("game.py", "from enemy import FAST\nTOP = FAST + 2\n")
    plan = game.plan("level.py", LEVEL.replace("1", "2"))
    assert plan.modules == ("level", "enemy", "game")
    assert [c.path.rpartition("/")[2] for c in plan.changes] == ["game.py", "level.py"]


def test_a_caller_while_importing_runs_again(program):
    """A value that was computed by an edited function is computed again."""
    program.load("a.py", "def f(): return 1\nX = f()\nY = [f]\n")
    assert planned(program, "a.py", "def f(): return 2\nX = f()\nY = [f]\n") == [
        "patch    a.f (line 1): its body was edited",
        "run      a.X (line 2) if a.f changed: it calls a.f",
    ]


def test_an_instance_is_not_made_anew_for_its_constructor(program):
    """Editing `__init__` does not drop the objects that there are."""
    program.load("a.py", "class P:\n def __init__(self): self.n = 1\np = P()\n")
    text = "class P:\n def __init__(self): self.n = 2\np = P()\n"
    assert planned(program, "a.py", text) == ["patch    a.P.__init__ (line 2): its body was edited"]


def test_a_table_loses_what_a_statement_that_goes_put_there(program):
    """When one of the statements that fill a table goes, just its entry does."""
    program.load("a.py", "T = {}\nT['a'] = 1\nT['b'] = 2\nX = 1\n")
    assert planned(program, "a.py", "T = {}\nT['b'] = 2\nX = 1\n") == [
        "remove   a.T (line 2): it left the source, and what it put into others goes with it",
    ]


def test_a_list_that_is_sorted_is_built_again(program):
    """When a statement does more than add, the others about the name run again with it."""
    program.load("a.py", "T = []\nT.append(2)\nT.append(1)\nT.sort()\n")
    assert planned(program, "a.py", "T = []\nT.append(1)\nT.sort()\n") == [
        "remove   a.line 2 (line 2): it left the source, and what it put into others goes with it",
        "run      a.T (line 1): T is filled by other statements now",
        "run      a.line 2 (line 2): T is filled by other statements now",
        "run      a.line 3 (line 3): T is filled by other statements now",
    ]


def test_an_added_statement_at_the_end_runs_alone(program):
    """What stands behind all others about its names needs none of them."""
    program.load("a.py", "X = 1\nY = []\n")
    assert planned(program, "a.py", "X = 1\nY = []\nZ = X\n") == ["run      a.Z (line 3): it is new"]


def test_a_cycle_is_one_group(program):
    """Modules that import each other are handled together, in the order in which they were asked for."""
    program.write("b.py", "import a\nY = 1\ndef f(): return a.X\n")
    program.load("a.py", "import b\nX = b.Y\n")
    plan = program.plan("b.py", "import a\nY = 2\ndef f(): return a.X\n")
    assert [group.modules for group in plan.groups] == [("a", "b")]
    assert str(plan).splitlines() == [
        "run      b.Y (line 2): it was edited",
        "run      a.X (line 2) if b.Y changed: it reads Y",
    ]


def test_the_main_program_needs_a_restart(program):
    """A line of the running script's own course cannot run twice; the plan is a reason, not steps."""
    program.write("script.py", "X = 1\nprint(X)\n")
    program.reloader.adopt_main(str(program.folder / "script.py"), b"X = 1\nprint(X)\n")
    plan = program.plan("script.py", "X = 1\nprint(X, X)\n")
    assert {(r.code, r.where) for r in plan.restart} == {("HS101", f"{program.folder}/script.py:2")}
    assert str(plan).startswith("needs a restart because [HS101] a statement of the running script was")


def test_what_cannot_be_compiled_cannot_be_planned(program):
    """A SyntaxError is the planner's answer to a broken file."""
    program.load("a.py", "X = 1\n")
    program.write("a.py", "X = = 1\n")
    with pytest.raises(SyntaxError):
        program.reloader.plan()


def test_planning_touches_nothing(program):
    """However often it is asked for, a plan imports, executes and changes nothing, and is the same each time."""
    a = program.load("a.py", "log = []\ndef f(): return 1\nX = f()\nlog.append(X)\n")
    program.load("b.py", "from a import X\nY = X\n")
    before = {n: v for n, v in vars(a).items() if n != "__builtins__"}
    code = a.f.__code__
    plans = [program.plan("a.py", "import c\nlog = []\ndef f(): return 2\nX = f()\nlog.append(3)\n") for _ in range(3)]
    assert plans[0] == plans[1] == plans[2]
    assert {n: v for n, v in vars(a).items() if n != "__builtins__"} == before
    assert a.f.__code__ is code
    assert program.reloader.history == ()


def test_a_planned_file_is_still_applied(program):
    """Looking at the plan does not swallow the change."""
    a = program.load("a.py", "X = 1\n")
    program.plan("a.py", "X = 2\n")
    program.sync()
    assert a.X == 2


def test_an_opaque_module_runs_whole(program):
    """What binds names in a way that cannot be analysed runs from its first to its last statement."""
    program.load("a.py", "X = 1\nglobals().update(Y=2)\n")
    assert planned(program, "a.py", "X = 2\nglobals().update(Y=2)\n") == [
        "run      a.X (line 1): it binds names in a way that cannot be analysed",
        "run      a.line 2 (line 2): it binds names in a way that cannot be analysed",
    ]
