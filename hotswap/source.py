"""One version of one source file: its text, its statements, its compiled code.

A `Source` is made from bytes alone and never imports or executes anything.  Trees and code objects are made when they
are asked for and can be dropped again with `release()`: a program keeps the text of all its modules, but the trees
(about a thousand objects each) only of those that are being looked at.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from types import CodeType
from typing import TypeAlias
from weakref import WeakSet

from hotswap.codefacts import CodeFacts, code_facts, every_function
from hotswap.factfinder import facts_of
from hotswap.facts import Facts
from hotswap.parsing import parse
from hotswap.syntax import assignments, is_own_module

StatementPath: TypeAlias = tuple[int, ...]
"""Where a statement stands: (3,) is the fourth of the module, (3, 0) the first in the class that is there."""


class Source:
    """The text of one file at one time.

    Raises SyntaxError (also for undecodable bytes) from `tree`, `code` and everything that needs them, never earlier.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.digest = hashlib.blake2b(data, digest_size=16).digest()
        self._facts: dict[StatementPath, Facts] = {}
        self._headers: dict[StatementPath, Facts] = {}

    def __repr__(self) -> str:
        return f"Source({self.path!r}, {len(self.data)} bytes)"

    @cached_property
    def text(self) -> str:
        """The decoded text with universal newlines, as the compiler sees it."""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(self.data).readline)
            return io.TextIOWrapper(io.BytesIO(self.data), encoding, newline=None).read()
        except (UnicodeDecodeError, LookupError) as error:
            raise SyntaxError(f"cannot be decoded: {error}", (self.path, 1, 0, "")) from error

    @cached_property
    def lines(self) -> list[str]:
        """The lines with their ends, for linecache."""
        return self.text.splitlines(keepends=True)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        opened.add(self)
        try:
            return parse(self.data, self.path)
        except ValueError as error:  # null bytes, on Python 3.11
            raise SyntaxError(str(error), (self.path, 1, 0, "")) from error

    @cached_property
    def code(self) -> CodeType:
        """The module's code, compiled whole: name mangling, class cells and line numbers are right in all its parts."""
        try:
            return compile(self.data, self.path, "exec", dont_inherit=True)
        except ValueError as error:
            raise SyntaxError(str(error), (self.path, 1, 0, "")) from error

    @cached_property
    def beside(self) -> dict[int, list[int]]:
        """By statement of the module the other ones that stand on one of its lines; hardly any do."""
        found: dict[int, list[int]] = {}
        for number, (one, other) in enumerate(pairwise(self.statements)):
            if first_line(other) <= (one.end_lineno or one.lineno):
                line = [*found.get(number, ()), number]
                for each in line:
                    found.setdefault(each, []).append(number + 1)
                found[number + 1] = line
        return found

    @cached_property
    def definitions(self) -> dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
        """The functions of the module by their qualified names, without `<locals>`."""
        found: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        todo: list[tuple[str, ast.AST]] = [("", self.tree)]
        while todo:
            prefix, node = todo.pop()
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.setdefault(prefix + child.name, []).append(child)
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    todo.append((f"{prefix}{child.name}.", child))
                elif not isinstance(child, ast.expr):
                    todo.append((prefix, child))
        return found

    @cached_property
    def functions(self) -> dict[str, CodeFacts]:
        """What the code of each function refers to, by qualified name; of several of one name, all together."""
        found: dict[str, CodeFacts] = {}
        for code in every_function(self.code):
            known, facts = found.get(code.co_qualname), code_facts(code)
            found[code.co_qualname] = facts if known is None else known | facts
        return found

    @cached_property
    def future_flags(self) -> int:
        """The compiler flags that its `from __future__` imports set."""
        import __future__

        flags = 0
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for alias in node.names:
                    flags |= getattr(__future__, alias.name).compiler_flag
        return flags

    @property
    def statements(self) -> list[ast.stmt]:
        """The module's statements, in order."""
        return self.tree.body

    def statement(self, path: StatementPath) -> ast.stmt:
        """The statement that stands at the path."""
        node: ast.stmt = self.tree.body[path[0]]
        for index in path[1:]:
            assert isinstance(node, ast.ClassDef)
            node = node.body[index]
        return node

    def facts(self, path: StatementPath) -> Facts:
        """What the statement binds, reads, calls and mutates."""
        known = self._facts.get(path)
        if known is None:
            known = facts_of(
                self.statement(path),
                postponed=self.annotations_are_postponed,
                first=path[-1] == 0,
                owner=self.owner_of(path),
            )
            if any(len(chain) == 1 and chain[0] in self.own_aliases for chain in known.computed):
                known = replace(known, opaque=True)
            self._facts[path] = known
        return known

    @cached_property
    def own_aliases(self) -> frozenset[str]:
        """The names to which the module gives itself: `this = sys.modules[__name__]`."""
        if b"setattr" not in self.data and b"delattr" not in self.data:
            return frozenset()
        targets: list[ast.expr] = []
        for each in (each for node in self.statements for each in assignments(node)):
            if each.value is not None and is_own_module(each.value):
                targets += each.targets if isinstance(each, ast.Assign) else [each.target]
        return frozenset(target.id for target in targets if isinstance(target, ast.Name))

    def owner_of(self, path: StatementPath) -> str:
        """The name of the class in whose body the statement stands; empty at the top level."""
        return self.statement(path[:-1]).name if len(path) > 1 else ""  # type: ignore[attr-defined]  # a class

    def header_facts(self, path: StatementPath) -> Facts:
        """The facts of a class statement without its body: decorators, bases, keywords."""
        if path not in self._headers:
            self._headers[path] = self._header_facts(path)
        return self._headers[path]

    def _header_facts(self, path: StatementPath) -> Facts:
        node = self.statement(path)
        assert isinstance(node, ast.ClassDef)
        bare = ast.ClassDef(
            name=node.name, bases=node.bases, keywords=node.keywords, body=[], decorator_list=node.decorator_list
        )
        return facts_of(bare, postponed=self.annotations_are_postponed, first=False, owner=self.owner_of(path))

    @cached_property
    def annotations_are_postponed(self) -> bool:
        """Whether annotations are not evaluated where they stand."""
        import __future__

        return bool(self.future_flags & __future__.annotations.compiler_flag)

    def all_facts(self) -> Iterator[tuple[int, Facts]]:
        """The facts of each statement of the module."""
        return ((number, self.facts((number,))) for number in range(len(self.statements)))

    @cached_property
    def listed_names(self) -> list[str] | None:
        """What the only statement about `__all__` lists, if that is plain."""
        numbers = [n for n, facts in self.all_facts() if "__all__" in facts.binds | facts.mutated]
        node = self.statements[numbers[0]] if len(numbers) == 1 else None
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.List | ast.Tuple):
            return None
        parts = node.value.elts
        return [str(p.value) for p in parts if isinstance(p, ast.Constant)] if all(map(_is_text, parts)) else None

    @cached_property
    def makes_caches(self) -> bool:
        """Whether it uses `functools.cache` or `lru_cache` elsewhere than on top of functions and methods."""
        if b"cache" not in self.data or b"functools" not in self.data:
            return False
        named, homes = set(), set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "functools":
                named |= {each.asname or each.name for each in node.names if each.name in _CACHES}
            elif isinstance(node, ast.Import):
                homes |= {each.asname or each.name for each in node.names if each.name == "functools"}
        on_top = {id(part) for each in _on_top(self.statements) for part in ast.walk(each)}
        return any(
            (isinstance(node, ast.Name) and node.id in named)
            or (isinstance(node, ast.Attribute) and node.attr in _CACHES and _is_name(node.value, homes))
            for node in ast.walk(self.tree)
            if id(node) not in on_top
        )

    @cached_property
    def loaded_by_name(self) -> dict[int, list[str]]:
        """By statement the names of modules that it hands to what takes all that is in a module."""
        found: dict[int, list[str]] = {}
        for number, node in enumerate(self.statements if b"from_object" in self.data else ()):
            calls = (each for each in ast.walk(node) if isinstance(each, ast.Call) and len(each.args) == 1)
            for call in calls:
                given = call.args[0]
                if isinstance(call.func, ast.Attribute) and call.func.attr == "from_object":
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        found.setdefault(number, []).append(given.value)
        return found

    @cached_property
    def mentions(self) -> dict[str, set[StatementPath]]:
        """Which statements mention an identifier in what they read or import ("*": all there is).

        Those in the body of a class are told besides the class.
        """
        found: dict[str, set[StatementPath]] = {}
        for path in (path for number in range(len(self.statements)) for path in self.paths_within((number,))):
            facts = self.facts(path)
            words = {word for chain in facts.reads for word in chain} | {each.name for each in facts.imports}
            words |= {"*"} if facts.surveys else set()
            for word in words | facts.maybe | facts.attributes:
                found.setdefault(word, set()).add(path)
        return found

    @cached_property
    def ends(self) -> dict[str, set[StatementPath]]:
        """In which statements a dotted name ends with an identifier: what it stands for is read as a whole."""
        found: dict[str, set[StatementPath]] = {}
        for path in (path for number in range(len(self.statements)) for path in self.paths_within((number,))):
            for chain in self.facts(path).reads:
                found.setdefault(chain[-1], set()).add(path)
        return found

    def paths_within(self, path: StatementPath) -> Iterator[StatementPath]:
        """A statement and those in the body of a class."""
        node = self.statement(path)
        yield path
        if isinstance(node, ast.ClassDef):
            for number in range(len(node.body)):
                yield from self.paths_within((*path, number))

    @cached_property
    def function_names(self) -> frozenset[str]:
        """How functions are called, without what is around them."""
        return frozenset(name.rpartition(".")[2] for name in self.functions)

    @cached_property
    def function_mentions(self) -> dict[str, set[str]]:
        """Which functions mention an identifier as a global or an attribute."""
        found: dict[str, set[str]] = {}
        for qualname, words in self.function_words.items():
            for word in words:
                found.setdefault(word, set()).add(qualname)
        return found

    @cached_property
    def function_words(self) -> dict[str, set[str]]:
        """The same the other way round: the identifiers that each function mentions."""
        found: dict[str, set[str]] = {}
        for qualname, code in self.functions.items():
            words = {word for chain in code.reads for word in chain} | code.attributes
            found[qualname] = words | {each.name for each in code.imports}
        return found

    def text_of(self, node: ast.stmt) -> str:
        """The whole lines that the statement covers: equal lines are an equal statement, the reverse need not hold."""
        assert node.end_lineno is not None
        return "".join(self.lines[first_line(node) - 1 : node.end_lineno])

    def release(self) -> None:
        """Drop the tree and the list of lines; they are made anew when needed."""
        for name in ("tree", "lines"):
            self.__dict__.pop(name, None)


_CACHES = frozenset(("cache", "lru_cache"))


def _on_top(body: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """The decorators of functions and classes at the top level and in the bodies of classes."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from node.decorator_list
        if isinstance(node, ast.ClassDef):
            yield from _on_top(node.body)


def _is_name(node: ast.expr, names: Container[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


opened: WeakSet[Source] = WeakSet()
"""The sources that hold a tree at this moment."""


def siblings(source: Source, path: StatementPath) -> Iterator[tuple[StatementPath, Facts]]:
    """All statements of the body in which a statement stands."""
    if len(path) == 1:
        for number, facts in source.all_facts():
            yield (number,), facts
        return
    owner = source.statement(path[:-1])
    assert isinstance(owner, ast.ClassDef)
    for number in range(len(owner.body)):
        yield (*path[:-1], number), source.facts((*path[:-1], number))


def class_path(source: Source, qualname: str) -> StatementPath | None:
    """Where a class stands, by qualified name."""
    path: StatementPath = ()
    body: Sequence[ast.stmt] = source.statements
    for part in qualname.split("."):
        number = next((n for n, s in enumerate(body) if isinstance(s, ast.ClassDef) and s.name == part), None)
        if number is None:
            return None
        path = (*path, number)
        body = body[number].body  # type: ignore[attr-defined]  # a class, as was just asked
    return path


def prefix_of(source: Source, path: StatementPath) -> str:
    """The qualified name of the classes around a statement, with a dot; empty at the top level."""
    names = [source.statement(path[:n]).name for n in range(1, len(path))]  # type: ignore[attr-defined]  # classes
    return "".join(f"{n}." for n in names)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def first_line(node: ast.stmt | ast.Lambda) -> int:
    """The line where a statement or lambda begins, its decorators included."""
    decorators = getattr(node, "decorator_list", None)
    return min(node.lineno, decorators[0].lineno) if decorators else node.lineno


def innermost(source: Source, line: int) -> StatementPath | None:
    """The innermost statement of the module, or of a class in it, that covers a line."""
    path: StatementPath = ()
    body: Sequence[ast.stmt] = source.statements
    while True:
        number = next((n for n, s in enumerate(body) if first_line(s) <= line <= (s.end_lineno or s.lineno)), None)
        if number is None:
            return path or None
        path, node = (*path, number), body[number]
        if not isinstance(node, ast.ClassDef):
            return path
        body = node.body


def name_of(node: ast.stmt) -> str:
    """What a statement is called in reports: the definition's name, the first name that it binds, or its line."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in ast.walk(targets[0]):
            if isinstance(target, ast.Name):
                return target.id
    if isinstance(node, ast.Import | ast.ImportFrom):
        alias = node.names[0]
        return alias.asname or alias.name
    return f"line {first_line(node)}"
