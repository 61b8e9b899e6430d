"""A real notebook, executed by nbclient from its first cell to its last."""

from __future__ import annotations

import pytest

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
import nbformat
from nbclient import NotebookClient

from tests.integrations.kernels import environment

LIB = "SPEED = 1\n\n\ndef where():\n    return 'old'\n"
CELLS = [
    "import os\n%load_ext hotswap\nimport lib\nfrom lib import SPEED\nkept, pid = [1], os.getpid()",
    "from pathlib import Path\nfile = Path('lib.py')\nfile.write_text(file.read_text().replace('old', 'new').replace('1', '2'));",
    "lib.where(), SPEED",
    "file.write_text(file.read_text() + 'oops\\n');",
    "lib.where(), SPEED",
    "lib.where(), SPEED",
    "file.write_text(file.read_text().replace('oops', '').replace('new', 'newer'));",
    "%hotswap restart",
    "lib.where(), SPEED, kept, pid == os.getpid()",
    "file.write_text(file.read_text().replace('newer', 'newest'));",
    "lib.where()",
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The cells of the notebook, with their outputs."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "lib.py").write_text(LIB)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment(folder))
    nbformat.validate(notebook)
    return notebook.cells


def shown(cell):
    """The texts below a cell."""
    return [output.get("data", output)["text/plain"] for output in cell.outputs]


def test_each_cell_sees_the_saves_of_those_before_it(executed):
    """In a notebook that edits a module, breaks it, mends it, restarts the kernel and edits again."""
    assert [shown(executed[n])[-1] for n in (2, 4, 5, 8, 10)] == [
        "('new', 2)", "('new', 2)", "('new', 2)", "('newer', 2, [1], True)", "'newest'"
    ]  # fmt: skip


def test_the_messages_are_outputs_of_their_cells(executed):
    """Before the cell's own, once each; cells before which nothing was saved have none."""
    beginnings = [[text.split("\n")[0][:26] for text in shown(cell) if text.startswith("hotswap")] for cell in executed]
    assert beginnings == [
        [], [], ["hotswap: swapped 1 of 1 mo"], [], ["hotswap: kept the old code"], ["hotswap: not live yet: lib"],
        ["hotswap: not live yet: lib"], ["hotswap: restarting; Path,"], ["hotswap: restarted; 7 names"[:26]], [],
        ["hotswap: swapped 1 of 1 mo"],
    ]  # fmt: skip


def test_the_cells_are_numbered_on(executed):
    """A restart does not begin to count anew, as all that came before is there."""
    assert [cell.execution_count for cell in executed] == list(range(1, len(CELLS) + 1))
