"""What a library lets happen once only is no mistake in the sources."""

import argparse

import pytest

from hotswap.model import RestartRequired, RolledBack, Swapped

PARSER = "import argparse\nparser = argparse.ArgumentParser()\n"
OPTION = """
from base import parser
def option(name, default):
    def keep(function):
        parser.add_argument(name, default=default)
        return function
    return keep
"""


@pytest.fixture
def options(program):
    program.load("base.py", PARSER)
    program.load("options.py", OPTION)
    return program


def test_the_reason_says_what_and_where(options):
    """The decorator, what the library said, the line, and what to do."""
    options.load("app.py", "from options import option\n@option('--x', 1)\ndef f(): pass\n")
    outcome = options.sync("app.py", "from options import option\n@option('--x', 2)\ndef f(): pass\n")
    assert isinstance(outcome, RestartRequired), outcome
    (reason,) = outcome.reasons
    assert reason.code == "HS405"
    assert reason.what.startswith("`@option(…)` refuses to run a second time: ")
    assert "conflicting option string" in reason.what
    assert reason.where.endswith("app.py:2")
    assert reason.remedy == "restart"


def test_the_process_is_as_it_was(options):
    """The old default is in force, and an edit back ends the matter."""
    options.load("app.py", "from options import option\n@option('--x', 1)\ndef f(): pass\n")
    options.sync("app.py", "from options import option\n@option('--x', 2)\ndef f(): pass\n")
    assert options.import_("base").parser.parse_args([]) == argparse.Namespace(x=1)
    outcome = options.sync("app.py", "from options import option\n@option('--x', 1)\ndef f(): return 1\n")
    assert isinstance(outcome, Swapped), outcome


def test_a_bare_call_of_a_function_of_the_program(options):
    """What it calls in its turn is what refuses."""
    text = "from options import option\nX = {}\noption('--x', X)(print)\n"
    options.load("app.py", text.format(1))
    assert isinstance(options.sync("app.py", text.format(2)), RestartRequired)


@pytest.mark.parametrize(
    "statement",
    [
        "import json\nY = json.loads('[0]again'[: 2 + X])",  # it only computes something
        "def f(): raise ValueError('it exists already')\nif X == 2: f()",  # the program's own words
        "import json\nif X == 2: json.loads('[')",  # no word of anything that has been there
    ],
)
def test_mistakes_in_the_sources_roll_back(options, statement):
    """There the user has something to mend."""
    text = "from base import parser\nX = {}\n" + statement + "\n"
    options.load("app.py", text.format(1))
    outcome = options.sync("app.py", text.format(2))
    assert isinstance(outcome, RolledBack), outcome


def test_a_statement_that_is_new_rolls_back(options):
    """It is the second one of its kind in the sources."""
    options.load("app.py", "from base import parser\nparser.add_argument('--x')\n")
    again = "if True:\n    parser.add_argument('--x')\n"
    outcome = options.sync("app.py", f"from base import parser\nparser.add_argument('--x')\n{again}")
    assert isinstance(outcome, RolledBack), outcome
