"""Modules of which all statements run: why they do, and which statements need not, for they hold state.  Pure.

`HITS = []`, `count = 0` and `LOCK = Lock()` are as they were, read nothing of the program, and nobody else fills or
binds what they name while modules are imported.  So what is in it now was put there by the running program.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from hotswap.diff import Diff
from hotswap.index import Tracked
from hotswap.looking import is_a
from hotswap.model import Edit
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.resolving import resolve_value
from hotswap.source import Source, StatementPath
from hotswap.syntax import chain_of


def why_whole(tracked: Tracked, new: Source, diff: Diff) -> str:
    """Why all statements of a module have to run, if they have to: which would be enough cannot be told."""
    if tracked.source.future_flags != new.future_flags:
        return "its `from __future__` imports changed"
    if tracked.path != new.path and _tells_its_place(new):
        return "its file moved"
    if any(facts.opaque for _, facts in new.all_facts()) and not _is_of_bodies(diff):
        return "it binds names in a way that cannot be analysed"
    return ""


def _tells_its_place(source: Source) -> bool:
    """Whether what a module says may mean something else in another place: a relative import, its file, its package."""
    if any(word in source.text for word in _OF_PLACE):
        return True
    return any(imported.level for _, facts in source.all_facts() for imported in facts.imports)


_OF_PLACE = ("__file__", "__path__", "__package__", "__spec__", "__loader__", "__cached__", "importlib", "pkgutil")


def _is_of_bodies(diff: Diff) -> bool:
    """Whether nothing but bodies of functions was edited: what called one of them while importing is known."""
    if diff.removed or any(match.moved for match in diff.matches):
        return False
    return all(
        match.kind in ("same", "body")
        or (match.kind == "members" and match.inner is not None and _is_of_bodies(match.inner))
        for match in diff.matches
    )


def keeps_definitions(diff: Diff) -> bool:
    """Whether all names of a module stand for what they stood for, which was patched at the most."""
    return not diff.removed and all(match.kind in ("same", "body", "members") for match in diff.matches)


def may_stay(edit: Edit, path: StatementPath, editions: Editions) -> bool:
    """Whether a statement need not run again only because all of its module do."""
    edition, group = editions.new(edit.module), editions.group(edit.module)
    node = edition.source.statement(path)
    if edit.anew or len(path) > 1 or group is None or editions.matching(edit.module).fate(path) != "same":
        return False
    names = _room_made_by(node, edition, is_annotated=edit.old.future_flags == edition.source.future_flags)
    if not names or not names <= edition.tracked.namespace.keys():
        return False
    if any(name in _words(edition, number) for number in _unclear(edition) for name in names):
        return False
    for name in ((edit.module, name) for name in names):
        if group.new.binders(name) != [(edit.module, path)] or len(group.old.binders(name)) != 1:
            return False
        if group.new.mutators(name) or group.old.mutators(name) or editions.filled_by_calls(name):
            return False
    return True


def _room_made_by(node: ast.stmt, edition: Edition, *, is_annotated: bool) -> set[str]:
    """The names to which a statement gives a constant, or a container or the like that reads nothing of the program."""
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and is_annotated and node.value is not None:
        targets = [node.target]
    else:
        return set()
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    assert node.value is not None
    return names if len(names) == len(targets) and _is_plain(node.value, edition) else set()


def _is_plain(value: ast.expr, edition: Edition) -> bool:
    if isinstance(value, ast.Constant):
        return True
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return all(_is_plain(each, edition) for each in value.elts)
    if isinstance(value, ast.Dict):
        return all(each is not None and _is_plain(each, edition) for each in [*value.keys, *value.values])
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.operand, ast.Constant)
    if not isinstance(value, ast.Call) or any(keyword.arg is None for keyword in value.keywords):
        return False
    arguments = [*value.args, *(keyword.value for keyword in value.keywords)]
    return _is_of_python(value.func, edition) and all(
        _is_plain(each, edition) or _is_of_python(each, edition) for each in arguments
    )


def _is_of_python(node: ast.expr, edition: Edition) -> bool:
    """Whether it is the name of a class of Python itself: `list`, `threading.Lock`."""
    chain = chain_of(node)
    found = resolve_value(edition.tracked.namespace, chain) if chain is not None else None
    if found is None and chain is not None and len(chain) == 1:
        found = vars(sys.modules["builtins"]).get(chain[0])
    return is_a(found, type) and str(found.__module__).partition(".")[0] in sys.stdlib_module_names


def _unclear(edition: Edition) -> Iterator[int]:
    """The statements that may do anything."""
    return (number for number, facts in edition.source.all_facts() if facts.opaque)


def _words(edition: Edition, number: int) -> str:
    """The text of a statement: what is named in it, in strings as well, may be changed by it."""
    node = edition.source.statements[number]
    return edition.source.text_of(node)
