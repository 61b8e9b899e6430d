"""The words of the command line."""

from __future__ import annotations

import pytest

from hotswap import cli

SPLITS = [
    (["game.py"], [], ["game.py"]),
    (["game.py", "--quiet", "-m", "x"], [], ["game.py", "--quiet", "-m", "x"]),
    (["--quiet", "-m", "game", "--poll"], ["--quiet"], ["-m", "game", "--poll"]),
    (["--watch", "src", "--watch=lib", "game.py"], ["--watch", "src", "--watch=lib"], ["game.py"]),
    (["--poll", "game.py"], ["--poll"], ["game.py"]),
    (["--poll-every", "0.5", "game.py"], ["--poll-every", "0.5"], ["game.py"]),
    (["--on-restart", "never", "--", "-odd.py", "--"], ["--on-restart", "never"], ["-odd.py", "--"]),
    (["-mgame"], [], ["-mgame"]),
    (["-i", "game.py", "-i"], ["-i"], ["game.py", "-i"]),
    (["-"], [], ["-"]),
    (["--quiet"], ["--quiet"], []),
]


@pytest.mark.parametrize(("words", "own", "program"), SPLITS)
def test_the_programs_arguments_are_its_own(words, own, program):
    """Everything behind the program's name belongs to the program, whatever it looks like."""
    assert cli.split(words) == (own, program)


MISTAKES = [
    ([], "what to do? for example: hotswap run game.py"),
    (["walk"], "invalid choice: 'walk'"),
    (["run"], "which program? give a SCRIPT or -m MODULE"),
    (["run", "-m"], "-m needs the name of a module"),
    (["run", "-"], "a program read from standard input cannot be edited; save it to a file"),
    (["run", "--on-restart", "maybe", "game.py"], "invalid choice: 'maybe'"),
    (["run", "--poll-every", "0", "game.py"], "0 is no number of seconds above 0"),
    (["run", "--polling", "game.py"], "unrecognized arguments: --polling"),
    (["run", "nowhere.py"], "nowhere.py': [Errno 2] No such file or directory"),
    (["run", "--watch", "/nowhere", __file__], "cannot watch '/nowhere'"),
]


@pytest.mark.parametrize(("words", "told"), MISTAKES)
def test_wrong_usage_is_told_and_exits_2(words, told, capsys):
    """One clear sentence, status 2, and nothing was run."""
    with pytest.raises(SystemExit) as exit_:
        cli.main(words)
    assert exit_.value.code == 2
    assert told in capsys.readouterr().err


def test_help_is_no_mistake(capsys):
    """`hotswap --help` and `hotswap run --help` explain and exit 0."""
    for words in (["--help"], ["run", "--help"]):
        with pytest.raises(SystemExit) as exit_:
            cli.main(words)
        assert exit_.value.code == 0
    assert "--on-restart" in capsys.readouterr().out
