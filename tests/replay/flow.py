"""What a code object does, blind to how its source was laid out and cut into lines."""

from __future__ import annotations

import bisect
import dis
import hashlib
from collections.abc import Callable
from types import CodeType
from typing import Any, TypeAlias

Graph: TypeAlias = list[tuple[str, list[int]]]

LAYOUT = {"NOP", "CACHE", "EXTENDED_ARG", "PUSH_NULL"}
JUMPS = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"}
ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"}
CONDITIONS = {
    "POP_JUMP_IF_FALSE": ("if", False),
    "POP_JUMP_IF_TRUE": ("if", True),
    "POP_JUMP_IF_NOT_NONE": ("if None", False),
    "POP_JUMP_IF_NONE": ("if None", True),
}
JUMPING = set(dis.hasjrel) | set(dis.hasjabs)
FLAGS = 0xFFEF  # co_flags without CO_NESTED and the bits of `from __future__`, which are seen through their effects

_known: dict[CodeType, str] = {}


def digest(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha1(text.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest()[:12]


def digest_of(code: CodeType, root: str) -> str:
    """Equal for codes that do the same.  Docstrings are not in it."""
    if code not in _known:  # equal code objects have equal line tables too: a safe, if narrow, key
        arguments = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
        facts = (
            code.co_name,
            code.co_varnames[:arguments],
            code.co_freevars,
            code.co_flags & FLAGS,
            code.co_argcount,
            code.co_posonlyargcount,
            code.co_kwonlyargcount,
            flow(code, lambda instruction: _text(instruction, root)),
        )
        _known[code] = digest(repr(facts))
    return _known[code]


def _text(instruction: dis.Instruction, root: str) -> str:
    if instruction.opcode in dis.hasconst:
        return f"{instruction.opname} {_constant(instruction.argval, root)}"
    return f"{instruction.opname} {'' if instruction.arg is None else instruction.argval}"


def _constant(value: Any, root: str) -> str:
    if isinstance(value, CodeType):
        return f"code {digest_of(value, root)}"
    if isinstance(value, frozenset):
        return str(sorted(_constant(item, root) for item in value))
    if isinstance(value, tuple):
        return str([_constant(item, root) for item in value])
    return f"{type(value).__name__} {value!r}".replace(root, "<root>")


def flow(code: CodeType, text: Callable[[dis.Instruction], str]) -> Graph:
    """The code's flow graph in a canonical form: each instruction with the numbers of its successors, from the entry on.

    Bytecode bears traces of layout: a NOP holds a line, jumps to jumps are threaded and small exits copied only within
    a line, a conditional jump is turned round.  So jumps become edges, and nodes that cannot be told apart are merged.
    Nor does it count whether the compiler saw that a name was imported (PUSH_NULL, a flag of LOAD_ATTR).
    """
    kept = Instructions(code)
    labels, edges = _graph(kept, text)
    return _in_order(labels, edges, _kinds(labels, edges), kept.target(0))


class Instructions:
    """The instructions of a code object that do something."""

    def __init__(self, code: CodeType) -> None:
        self.kept = [instruction for instruction in dis.get_instructions(code) if instruction.opname not in LAYOUT]
        self.offsets = [instruction.offset for instruction in self.kept]
        self.handlers = {}
        for entry in dis._parse_exception_table(code):  # type: ignore[attr-defined]  # there is no public way to it
            for at in range(bisect.bisect_left(self.offsets, entry.start), bisect.bisect_left(self.offsets, entry.end)):
                self.handlers[at] = entry

    def target(self, offset: int) -> int:
        """The index of the instruction that runs when control comes to the offset."""
        for _ in range(50):
            at = bisect.bisect_left(self.offsets, offset)
            if at == len(self.kept) or self.kept[at].opname not in JUMPS:
                return at
            offset = self.kept[at].argval
        return len(self.kept)  # a bare endless loop

    def following(self, at: int) -> int:
        """The index of the instruction that runs after the one at the index."""
        return self.target(self.offsets[at + 1]) if at + 1 < len(self.kept) else len(self.kept)


def _graph(code: Instructions, text: Callable[[dis.Instruction], str]) -> tuple[list[str], list[list[int]]]:
    """A label and the successors of each instruction, and of the end after the last."""
    labels: list[str] = []
    edges: list[list[int]] = []
    for at, instruction in enumerate(code.kept):
        handler = code.handlers.get(at)
        name, out = _step(code, at, instruction, text)
        labels.append(f"{name} {(handler.depth, handler.lasti) if handler else ''}")
        edges.append([*out, code.target(handler.target)] if handler else out)
    return [*labels, "end"], [*edges, []]


def _step(
    code: Instructions, at: int, instruction: dis.Instruction, text: Callable[[dis.Instruction], str]
) -> tuple[str, list[int]]:
    """What the instruction is called, and where control goes from it."""
    if instruction.opname in ENDS:
        return text(instruction), []
    if instruction.opcode not in JUMPING:
        return text(instruction), [code.following(at)]
    out = [code.following(at), code.target(instruction.argval)]
    name, turned = CONDITIONS.get(instruction.opname, (instruction.opname, False))
    return name, out[::-1] if turned else out


def _kinds(labels: list[str], edges: list[list[int]]) -> list[Any]:
    """Equal for nodes that cannot be told apart: split until nodes of one kind have successors of the same kinds."""
    kinds: list[Any] = list(labels)
    classes = 0
    while len(set(kinds)) > classes:
        classes = len(set(kinds))
        numbers: dict[Any, int] = {}
        kinds = [
            numbers.setdefault((labels[node], kinds[node], *[kinds[other] for other in edges[node]]), len(numbers))
            for node in range(len(labels))
        ]
    return kinds


def _in_order(labels: list[str], edges: list[list[int]], kinds: list[Any], entry: int) -> Graph:
    order: dict[Any, int] = {}
    body, todo = [], [entry]
    while todo:
        node = todo.pop()
        if kinds[node] not in order:
            order[kinds[node]] = len(order)
            body.append(node)
            todo += reversed(edges[node])
    return [(labels[node], [order[kinds[other]] for other in edges[node]]) for node in body]
