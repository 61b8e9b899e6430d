"""Two versions of a class statement → what became of its members, as far as that can be told without running it.  Pure.

For classes that a function or a loop makes: their statement runs several times, and a class that is alive was made by
one that is over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hotswap.diff import Definition, exact, header, shape
from hotswap.source import Source


@dataclass(frozen=True, slots=True)
class Members:
    """The names that are told of in other words: the definition or assignment, and None for what is gone.

    `beyond` says what is more than that, so that only running the statement could tell the result; empty when nothing.
    """

    changed: dict[str, ast.stmt | None]
    has_other_doc: bool
    beyond: str = ""

    def __bool__(self) -> bool:
        return bool(self.changed or self.has_other_doc or self.beyond)


def compare(old: ast.ClassDef, new: ast.ClassDef) -> Members:
    """What the new version of a class statement says otherwise; bodies of functions are compared by their code."""
    has_other_doc = ast.get_docstring(old, clean=False) != ast.get_docstring(new, clean=False)
    if header(old) != header(new):
        return Members({}, has_other_doc, "its bases, keywords or decorators were edited")
    before, now = _by_name(old.body), _by_name(new.body)
    if _texts(before.pop("", [])) != _texts(now.pop("", [])):
        return Members({}, has_other_doc, "a statement in its body was edited that does more than define a member")
    changed: dict[str, ast.stmt | None] = {}
    for name in [*now, *(n for n in before if n not in now)]:
        earlier, later = before.get(name, []), now.get(name, [])
        if [shape(s) for s in earlier] == [shape(s) for s in later] or _is_same_class(earlier, later):
            continue
        if len(earlier) > 1 or len(later) > 1:
            return Members({}, has_other_doc, f"one of several statements about {name} was edited")
        if later and isinstance(later[0], ast.ClassDef):
            return Members({}, has_other_doc, f"the class {name} in it is new, or derives from others now")
        changed[name] = later[0] if later else None
    if changed and new.decorator_list:
        return Members({}, has_other_doc, "its members were edited, and it has a decorator, which may look at them")
    return Members(changed, has_other_doc, "its slots were edited" if "__slots__" in changed else "")


def initial(old: Source, new: Source, qualname: str) -> frozenset[str]:
    """The members to which the class statements of that name give the same constants, or empty containers, as before.

    What the classes hold there by now is state: it may stay, also if they are made anew.
    """
    before, now = list(_statements(old, qualname)), list(_statements(new, qualname))
    if len(before) != 1 or len(now) != 1:
        return frozenset()
    earlier, later = _by_name(before[0].body), _by_name(now[0].body)
    same = {name for name in earlier if _texts(earlier[name]) == _texts(later.get(name, ()))}
    return frozenset(name for name in same if len(later[name]) == 1 and _is_initial(later[name][0]))


def _statements(source: Source, qualname: str) -> Iterator[ast.ClassDef]:
    """The class statements of a qualified name, those in functions and loops too."""
    todo: list[tuple[str, ast.AST]] = [("", source.tree)]
    while todo:
        prefix, node = todo.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, Definition):
                inner = f"{prefix}{child.name}." + "<locals>." * (not isinstance(child, ast.ClassDef))
                if isinstance(child, ast.ClassDef) and prefix + child.name == qualname:
                    yield child
            if not isinstance(child, ast.expr):
                todo.append((inner, child))


def _is_initial(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.List | ast.Tuple | ast.Set | ast.Dict):
        parts = [*value.keys, *value.values] if isinstance(value, ast.Dict) else value.elts
        return all(isinstance(part, ast.Constant) for part in parts)
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in _CONTAINERS and not value.args + value.keywords
    return isinstance(value, ast.Constant)


_CONTAINERS = ("list", "dict", "set", "deque", "Counter", "OrderedDict")


def _by_name(body: Sequence[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """The statements about each member; under the empty name those that do something else."""
    found: dict[str, list[ast.stmt]] = {}
    for node in body:
        if not isinstance(node, ast.Pass) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            found.setdefault(_name(node), []).append(node)
    return found


def _name(node: ast.stmt) -> str:
    if isinstance(node, Definition):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _texts(nodes: Iterable[ast.stmt]) -> list[str]:
    return [exact(node) for node in nodes]


def _is_same_class(old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> bool:
    """Whether both stand for one nested class, whose members are compared by themselves."""
    return (
        len(old) == len(new) == 1
        and isinstance(old[0], ast.ClassDef)
        and isinstance(new[0], ast.ClassDef)
        and header(old[0]) == header(new[0])
    )
