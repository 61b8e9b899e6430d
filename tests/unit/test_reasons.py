"""Every code is in the reference, and a program provokes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import hotswap
from hotswap import rounds
from hotswap.errors import Unforeseen
from hotswap.model import Findings, RestartRequired, Swapped

ROOT = Path(hotswap.__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "reasons.md"


@dataclass(frozen=True)
class Case:
    """A module before and after, and what holds it meanwhile."""

    old: str
    new: str
    held: str = ""
    needs: str = ""


CASES = {
    "HS103": Case("import sys\nclass A: pass\nsys.modules[__name__] = A()\n", "X = 1\n"),
    "HS104": Case("__hotswap__ = 'restart'\nX = 1\n", "__hotswap__ = 'restart'\nX = 2\n"),
    "HS110": Case(
        "def make(n):\n def inner(): return 1\n return inner\n", "def make(n):\n def inner(): return n\n return inner\n",
        held="app.make(1)",
    ),
    "HS111": Case(
        "def make(n):\n def inner(x=1): return x\n return inner\n", "def make(n):\n def inner(x=n): return x\n return inner\n",
        held="app.make(1)",
    ),
    "HS201": Case("class A:\n __slots__ = ('x',)\n", "class A:\n __slots__ = ('x', 'y')\n", held="app.A()"),
    "HS203": Case(
        "class A: pass\n", "import enum\nclass A(enum.Enum):\n R = 1\n", held="app.A()"
    ),
    "HS206": Case(
        "from typing import NamedTuple\nclass A(NamedTuple):\n x: int\n",
        "from typing import NamedTuple\nclass A(NamedTuple):\n x: int\n y: int = 0\n", held="app.A(1)",
    ),
    "HS207": Case(
        "from dataclasses import dataclass\n@dataclass\nclass A:\n x: int\n",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n x: int\n y: int\n", held="app.A(1)",
    ),
    "HS208": Case(
        "import enum\nclass A(enum.IntEnum):\n R = 1\n", "import enum\nclass A(enum.IntEnum):\n R = 2\n",
        held="{app.A.R: 1}",
    ),
    "HS210": Case(
        "from typing import Generic, TypeVar\nfrom pydantic import BaseModel\nT = TypeVar('T')\n"
        "class A(BaseModel, Generic[T]):\n x: T\n",
        "from typing import Generic, TypeVar\nfrom pydantic import BaseModel\nT = TypeVar('T')\n"
        "class A(BaseModel, Generic[T]):\n x: T\n y: int = 1\n",
        held="app.A[int]", needs="pydantic",
    ),
    "HS211": Case(
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Base(DeclarativeBase): pass\n"
        "class A(Base):\n __tablename__ = 'a'\n id: Mapped[int] = mapped_column(primary_key=True)\n",
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Base(DeclarativeBase): pass\n"
        "class A(Base):\n __tablename__ = 'a'\n id: Mapped[int] = mapped_column(primary_key=True)\n"
        " x: Mapped[int] = mapped_column()\n",
        needs="sqlalchemy",
    ),
    "HS212": Case(
        "def make(n):\n class A:\n  x = 1\n return A\n", "def make(n):\n class A:\n  x = n\n return A\n",
        held="app.make(1)()",
    ),
    "HS213": Case(
        "A = []\nfor n in range(2):\n class B: pass\n A.append(B())\n",
        "A = []\nfor n in range(3):\n class B: x = 1\n A.append(B())\n", held="app.A[0]",
    ),
    "HS214": Case(
        "class A:\n def __hash__(self): return 1\n", "class A:\n def __hash__(self): return 2\n",
        held="frozenset([app.A()])",
    ),
    "HS302": Case("class A: pass\n", "X = 1\n", held="app.A()"),
    "HS401": Case("import os\nos.environ['HOTSWAP_TEST'] = '1'\n", "import os\n"),
    "HS402": Case(
        "class T:\n n = 0\n def inc(self): self.n += 1\nt = T()\nt.inc()\n",
        "class T:\n n = 0\n def inc(self): self.n += 2\nt = T()\nt.inc()\n",
        held="app.t.inc()",
    ),
    "HS403": Case(
        "import os\nX = 1\nos.putenv('HOTSWAP_TEST', str(X))\n", "import os\nX = 2\nos.putenv('HOTSWAP_TEST', str(X))\n",
    ),
    "HS404": Case("__hotswap__ = 'reboot'\nX = 1\n", "__hotswap__ = 'reboot'\nX = 2\n"),
    "HS405": Case(
        "import shutil\nX = 'a'\nshutil.register_unpack_format('hotswap', ['.hotswap'], print, (), X)\n",
        "import shutil\nX = 'b'\nshutil.register_unpack_format('hotswap', ['.hotswap'], print, (), X)\n",
    ),
    "HS406": Case(
        "from flask import Flask\ndef make():\n return Flask('x')\napp = make()\n",
        "from flask import Flask\ndef make():\n app = Flask('x')\n @app.route('/')\n def index(): return 'i'\n return app\n"
        "app = make()\n",
        held="app.app", needs="flask",
    ),
    "HS407": Case(
        "import sys\nPAGE = 10\n", "import sys\nPAGE = 20\n", held="django_reads('app', monkeypatch)", needs="django",
    ),
}  # fmt: skip


def django_reads(module: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """Settings that were taken from a module, as Django does it when somebody asks for the first of them."""
    from django.conf import Settings, settings

    monkeypatch.setitem(settings.__dict__, "_wrapped", Settings(module))
    return settings


def codes_of(outcome) -> set[str]:
    if isinstance(outcome, RestartRequired):
        return {reason.code for reason in outcome.reasons}
    return {reason.code for reason in outcome.warnings} if isinstance(outcome, Swapped) else {repr(outcome)}


@pytest.mark.parametrize("code", CASES)
def test_a_program_provokes_it(program, monkeypatch, code):
    """The round ends with this reason, or goes live with this warning, and no other."""
    case = CASES[code]
    if case.needs:
        pytest.importorskip(case.needs)
    app = program.load("app.py", case.old)
    held = eval(case.held, {**globals(), "app": app, "monkeypatch": monkeypatch}) if case.held else None  # noqa: S307  the case's own words
    assert codes_of(program.sync("app.py", case.new)) == {code}, held


def test_consequences_that_do_not_settle():
    """HS901 tells which names had not been foreseen."""
    reason = rounds.unsettled(Unforeseen(Findings(causes=frozenset({(("a", "X"), None)}))), "/p/a.py")
    assert (reason.code, "a.X" in reason.why, reason.where) == ("HS901", True, "/p/a.py")


ELSEWHERE = {
    "HS101": "tests/unit/test_plan.py",
    "HS102": "tests/unit/test_rounds.py",
    "HS204": "tests/unit/patch/test_classes.py",
    "HS209": "tests/unit/patch/test_classes.py",
    "HS301": "tests/unit/test_transaction.py",
    "HS501": "tests/unit/test_disposing.py",
    "HS502": "tests/unit/test_assets.py",
    "HS503": "tests/unit/test_assets.py",
    "HS504": "tests/unit/test_disposing.py",
    "HS505": "tests/unit/test_listeners.py",
    "HS506": "tests/unit/test_listeners.py",
    "HS507": "tests/unit/patch/test_migrating.py",
    "HS509": "tests/unit/test_disposing.py",
    "HS510": "tests/unit/patch/test_migrating.py",
    "HS511": "tests/unit/test_disposing.py",
    "HS900": "tests/unit/test_rounds.py",
    "HS901": "tests/unit/test_reasons.py",
}


def codes_in_sources() -> set[str]:
    texts = [path.read_text("utf-8") for path in (ROOT / "hotswap").rglob("*.py")]
    return {code for text in texts for code in re.findall(r"\bHS\d{3}\b", text)}


def test_the_reference_has_each_code_of_the_sources_once():
    """In both directions: none is missing, none is told of that does not exist."""
    rows = re.findall(r"^\| (HS\d{3}) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(codes_in_sources())


def test_each_code_is_provoked_by_a_test():
    """Here, or in a test that is named."""
    named = {code for code, path in ELSEWHERE.items() if code in (ROOT / path).read_text("utf-8")}
    assert CASES.keys() | named == codes_in_sources()


def test_a_row_tells_what_why_and_what_to_do():
    """No cell of the table is empty."""
    rows = [row for row in PAGE.read_text("utf-8").splitlines() if row.startswith("| HS")]
    assert [
        row for row in rows if len(row.split("|")) != 6 or not all(cell.strip() for cell in row.split("|")[1:-1])
    ] == []
