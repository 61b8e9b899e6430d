"""Two versions of a class statement → what became of its members, as far as that can be told without running it.  Pure.

For classes that a function makes: their statement runs with each call of that, and a class that is alive was made by
a call that has ended.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hotswap.diff import Definition, exact, header, shape


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
