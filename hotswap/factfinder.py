"""Finds the facts of a statement in its syntax tree.  Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from hotswap.facts import Facts, ImportOf, Store
from hotswap.parsing import parse
from hotswap.syntax import Chain, assigned, chain_of, is_own_module, is_type_checking, mangled, surely_bound

OPAQUE_CALLS = {"exec", "eval", "globals", "locals", "vars", "__import__"}
MUTATORS = frozenset(
    "append extend insert remove pop clear update setdefault add discard sort reverse appendleft extendleft popitem "
    "difference_update intersection_update symmetric_difference_update rotate __setitem__ __delitem__ register "
    "setter getter deleter".split()
)
SURVEYS = frozenset(("globals", "locals", "vars", "dir"))
LISTING = frozenset(("vars", "dir", "getmembers", "getmembers_static"))
"""What looks at all names of the module that it is given."""

LOOKING = frozenset("items values keys get copy".split())
"""Methods of a namespace that change nothing in it."""

CALLING = frozenset("max min sorted map filter reduce".split())
"""Builtins that call the function which they are given, most of them before they return."""
COLLECTING = frozenset("list tuple set frozenset dict sorted len any all enumerate iter".split())
SOURCE_TELLERS = frozenset(("getsource", "getsourcelines"))
READS_BY_NAME = frozenset(("getattr", "hasattr"))
WRITES_BY_NAME = frozenset(("setattr", "delattr"))


def facts_of(node: ast.stmt, *, postponed: bool, first: bool, owner: str = "") -> Facts:
    """Look at one statement of a module, or of the body of the class `owner` (the first may be a docstring).

    Private names are those that the class gives them (`_Owner__x`).
    """
    visitor = _Visitor(postponed=postponed, owner=owner)
    visitor.visit(node)
    if first:
        visitor.docstring(node)
    return visitor.facts(node)


class _Visitor(ast.NodeVisitor):
    """Walks what runs when the statement runs: not the bodies of functions and lambdas."""

    def __init__(self, *, postponed: bool, owner: str) -> None:
        self.postponed = postponed
        self.owner = owner
        self.binds: set[str] = set()
        self.defines: set[str] = set()
        self.deletes: set[str] = set()
        self.reads: set[Chain] = set()
        self.uses: set[Chain] = set()
        self.calls: set[Chain] = set()
        self.shapes: set[Chain] = set()
        self.arguments: set[Chain] = set()
        self.mutates: set[Chain] = set()
        self.computed: set[Chain] = set()
        self.stores: list[Store] = []
        self.imports: list[ImportOf] = []
        self.attributes: set[str] = set()
        self.annotates: set[str] = set()
        self.opaque = False
        self.surveys = False
        self.looked_at: dict[ast.expr, bool] = {}  # calls of `globals()` that change nothing: do they see all names?
        self.runs_code = False
        self.local: list[set[str]] = []  # names of comprehensions and class bodies around
        self.handled: list[str] = []  # names of exceptions that are being handled
        self.looping = 0
        self.settled: list[set[str]] = []  # names that the blocks around have bound by now

    def facts(self, node: ast.stmt) -> Facts:
        """What was found."""
        sure = self.names(surely_bound([node]) or set())
        deleted = self.deletes if isinstance(node, ast.Delete) else set()
        return Facts(
            frozenset(self.binds),
            frozenset(self.binds - sure - deleted - {"__doc__"}),
            frozenset(self.defines),
            frozenset(self.deletes),
            frozenset(self.reads),
            frozenset(self.uses),
            frozenset(self.calls),
            frozenset(self.shapes),
            frozenset(self.arguments),
            frozenset(self.mutates),
            frozenset(self.computed),
            tuple(self.stores),
            tuple(self.imports),
            self.opaque,
            self.surveys,
            self.runs_code,
            frozenset(self.attributes),
            frozenset(self.annotates),
        )

    def docstring(self, node: ast.stmt) -> None:
        """The first statement of a body may be its docstring."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            self.binds.add("__doc__")

    # ------------------------------------------------------------------ names

    def chain(self, node: ast.expr) -> Chain | None:
        """The dotted name that an expression is, private names as the class around calls them."""
        chain = chain_of(node)
        return None if chain is None else tuple(mangled(self.owner, part) for part in chain)

    def names(self, names: Iterable[str]) -> set[str]:
        """Names as the class around calls them."""
        return {mangled(self.owner, name) for name in names}

    def bind(self, name: str) -> None:
        name = mangled(self.owner, name)
        if name in self.handled:
            return
        if self.local:
            self.local[-1].add(name)
        else:
            self.binds.add(name)

    def is_local(self, name: str) -> bool:
        return name in self.handled or any(name in names for names in self.local)

    def read(self, chain: Chain, *into: set[Chain]) -> None:
        if not self.is_local(chain[0]) and not any(chain[0] in names for names in self.settled):
            self.reads.add(chain)
            for group in into:
                group.add(chain)

    def use(self, chain: Chain, *into: set[Chain]) -> None:
        self.read(chain, self.uses, *into)

    def reference(self, node: ast.expr) -> None:
        """An expression whose value is only handed on: a name in it is referred to, not looked into."""
        chain = self.chain(node)
        if chain is not None:
            self.attributes.update(chain[1:])
            self.read(chain)
        elif isinstance(node, ast.Tuple | ast.List):
            for element in node.elts:
                self.reference(element)
        elif isinstance(node, ast.Dict):
            for key in node.keys:
                if key is not None:
                    self.visit(key)
            for key, value in zip(node.keys, node.values, strict=True):
                self.iterated(value) if key is None else self.reference(value)
        elif isinstance(node, ast.IfExp):
            self.visit(node.test)
            self.reference(node.body)
            self.reference(node.orelse)
        else:
            self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use((mangled(self.owner, node.id),))
        elif isinstance(node.ctx, ast.Del):
            self.deletes.add(mangled(self.owner, node.id))
            self.bind(node.id)
        else:
            self.bind(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.attributes.add(mangled(self.owner, node.attr))
        if node.attr in LOOKING and isinstance(node.ctx, ast.Load):
            self.look(node.value)
        chain = self.chain(node)
        if chain is None:
            self.visit(node.value)
            if not isinstance(node.ctx, ast.Load):
                self.mutate(node.value)
        elif isinstance(node.ctx, ast.Load):
            self.use(chain)
        else:
            self.read(chain[:-1], self.shapes)  # a definition that is made anew has lost what was set on it
            self.mutate(node.value)
            if not self.is_local(chain[0]):
                self.stores.append(Store(chain[:-1], chain[-1]))

    def mutate(self, node: ast.expr) -> None:
        """The object that the expression stands for changes: note the dotted name that leads to it."""
        while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and self.chain(node) is None):
            node = node.value
        chain = self.chain(node)
        if chain is not None and not self.is_local(chain[0]):
            self.mutates.add(chain)

    def entry(self, node: ast.Subscript) -> bool:
        """`vars(level)["SPEED"]` is `level.SPEED`, and `globals()["SPEED"] = …` binds the name; whether it was one."""
        name = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if not isinstance(name, str):
            return False
        if is_namespace(node.value) and not self.local:
            if isinstance(node.ctx, ast.Load):
                return False
            self.bind(name)
            self.runs_code = True
            if isinstance(node.ctx, ast.Del):
                self.deletes.add(name)
            return True
        chain = self.chain(owner) if (owner := owner_of_namespace(node.value)) is not None else None
        if chain is None or self.is_local(chain[0]):
            return False
        self.attributes.add(name)
        if isinstance(node.ctx, ast.Load):
            self.use((*chain, name))
        else:
            self.read(chain, self.shapes)
            self.mutates.add(chain)
            self.stores.append(Store(chain, name))
        return True

    def look(self, node: ast.expr, key: ast.expr | None = None) -> None:
        """An expression that is only looked at: all of `globals()`, maybe, or one name in it if the key is constant."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SURVEYS:
            named = isinstance(key, ast.Constant) and isinstance(key.value, str)
            self.looked_at.setdefault(node, not named)
            if named:
                self.use((key.value,))  # type: ignore[union-attr]  # a constant

    def text(self, name: str, node: ast.Call) -> bool:
        """`eval("level.SPEED + 1")` does what its text says; whether that is known."""
        given = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
            return False
        try:
            tree = parse(given.value.strip(), mode=name)
        except (SyntaxError, ValueError):
            return False
        self.local.append(set())  # what it binds is not told
        for each in [tree.body] if isinstance(tree, ast.Expression) else tree.body:  # type: ignore[attr-defined]
            self.visit(each)
        self.local.pop()
        return True

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if self.entry(node):
            return
        if isinstance(node.ctx, ast.Load):
            self.look(node.value, node.slice)
        if not isinstance(node.ctx, ast.Load):
            self.mutate(node.value)
            chain = self.chain(node.value)
            if chain is not None and isinstance(node.slice, ast.Constant) and not self.is_local(chain[0]):
                self.stores.append(Store(chain, "", node.slice.value))
            if chain is not None and isinstance(node.ctx, ast.Store):  # what else is in it does not matter
                self.attributes.update(chain[1:])
                self.read(chain, self.shapes)
                self.visit(node.slice)
                return
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scopes, self.local = self.local, self.local[:0]  # binds in the scope around the comprehensions
        self.visit(node.target)
        self.local = scopes

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self.runs_code = True
        before = node.target.value if isinstance(node.target, ast.Subscript) else node.target
        if chain := self.chain(before):
            self.use(chain)  # what it held until now
        if isinstance(node.target, ast.Name):
            self.mutate(node.target)
        self.visit(node.target)

    # ------------------------------------------------------------------ calls

    def called(self, node: ast.expr) -> None:
        self.runs_code = True
        chain = self.chain(node)
        if chain:
            self.use(chain, self.calls)
            self.attributes.update(chain[1:])
        else:
            self.visit(node)

    def shaped(self, node: ast.expr) -> None:
        """A base, a decorator, something iterated: what the object is counts, not only that it is there."""
        self.called(node)
        if chain := self.chain(node):
            self.use(chain, self.shapes)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
            self.look(node.func.value, node.args[0])
        if isinstance(node.func, ast.Name) and node.func.id in COLLECTING and node.args:
            self.look(node.args[0])
        self.called(node.func)
        if node.args and is_own_module(node.args[0]) and (chain_of(node.func) or ("",))[-1] in LISTING:
            self.surveys = True
        if isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            self.mutate(node.func.value)
        if isinstance(node.func, ast.Name) and not self.is_local(node.func.id):
            self.builtin_call(node.func.id, node)
        for argument in [*node.args, *(k.value for k in node.keywords)]:
            chain = self.chain(argument)
            if chain:
                self.use(chain, self.arguments)
            else:
                self.visit(argument)
            if chain and (chain_of(node.func) or ("",))[-1] in SOURCE_TELLERS:
                self.use((*chain, "__code__"))
        self.called_at_once(node)

    def called_at_once(self, node: ast.Call) -> None:
        """What a lambda reads that is called where it stands: `(lambda n: n * SIZE)(3)`, `max(rows, key=lambda …)`."""
        given = [*node.args, *(k.value for k in node.keywords)]
        calls_it = isinstance(node.func, ast.Name) and node.func.id in CALLING and not self.is_local(node.func.id)
        for each in [node.func, *given] if calls_it else [node.func]:
            if isinstance(each, ast.Lambda):
                arguments = each.args
                every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
                every += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
                self.local.append({argument.arg for argument in every})
                self.visit(each.body)
                self.local.pop()

    def builtin_call(self, name: str, node: ast.Call) -> None:
        """Calls that may bind anything, and those that name an attribute in a string."""
        if name in ("eval", "exec") and self.text(name, node):
            self.opaque = self.opaque or name == "exec"
        elif name in SURVEYS and not node.args and (name == "dir" or node in self.looked_at):
            self.surveys = self.surveys or node not in self.looked_at or self.looked_at[node]
        elif name in OPAQUE_CALLS and not (name == "vars" and node.args):
            self.opaque = True
        if name in WRITES_BY_NAME and len(node.args) > 1 and is_own_module(node.args[0]):
            self.name_set(name, node.args[1])
        elif name in READS_BY_NAME | WRITES_BY_NAME and len(node.args) > 1:
            owner, attribute = self.chain(node.args[0]), node.args[1]
            if name in WRITES_BY_NAME:
                self.mutate(node.args[0])
            if name in WRITES_BY_NAME and owner and not isinstance(attribute, ast.Constant):
                self.computed.add(owner)
            if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
                self.attributes.add(attribute.value)
                if not owner:
                    return
                if name in READS_BY_NAME:
                    self.use((*owner, attribute.value))
                elif not self.is_local(owner[0]):
                    self.read(owner, self.shapes)
                    self.stores.append(Store(owner, attribute.value))

    def name_set(self, call: str, name: ast.expr) -> None:
        """`setattr(sys.modules[__name__], "SPEED", 5)` binds the name; which one it is may be computed."""
        if self.owner or self.local or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            self.opaque = True
            return
        self.bind(name.value)
        if call == "delattr":
            self.deletes.add(name.value)

    def iterated(self, node: ast.expr) -> None:
        self.look(node)
        self.shaped(node) if self.chain(node) else self.visit(node)
        self.runs_code = True

    def visit_Starred(self, node: ast.Starred) -> None:
        self.iterated(node.value) if isinstance(node.ctx, ast.Load) else self.visit(node.value)

    # ------------------------------------------------------------------ blocks

    def block(self, statements: Iterable[ast.stmt], bound: Iterable[str] = ()) -> None:
        """Statements under another one; what one of them has bound the next ones do not read from outside."""
        self.settled.append(self.names(bound))
        for statement in statements:
            self.visit(statement)
            if not self.local:
                self.settled[-1] |= self.names(surely_bound([statement]) or set())
        self.settled.pop()

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.iterated(node.iter)
        self.visit(node.target)
        self.looping += 1
        self.block(node.body, assigned(node.target) if not self.local else ())
        self.looping -= 1
        self.block(node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.looping += 1
        self.block(node.body, assigned(node.test) if not self.local else ())
        self.looping -= 1
        self.block(node.orelse)

    def visit_If(self, node: ast.If) -> None:
        """What stands under `if TYPE_CHECKING:` never runs."""
        checked = is_type_checking(node.test)
        if checked is None:
            self.visit(node.test)
        bound = assigned(node.test) if not self.local else set()
        self.block(() if checked else node.body, bound)
        self.block(() if checked is False else node.orelse, bound)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.runs_code = True
        for item in node.items:
            self.visit(item)
        self.block(node.body, {n for item in node.items for n in assigned(item)} if not self.local else ())

    visit_AsyncWith = visit_With

    def visit_Try(self, node: ast.Try) -> None:
        self.block([*node.body, *node.orelse])
        for handler in node.handlers:
            self.visit(handler)
        self.block(node.finalbody)

    visit_TryStar = visit_Try  # type: ignore[assignment]  # the same parts

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """The name behind `as` is gone when the handler ends: nothing outside of it sees it."""
        if node.type is not None:
            self.visit(node.type)
        self.handled.append(mangled(self.owner, node.name or ""))
        self.block(node.body)
        self.handled.pop()

    def visit_Match(self, node: ast.Match) -> None:
        self.runs_code = True
        self.visit(node.subject)
        for case in node.cases:
            self.visit(case.pattern)
            guard = [ast.Expr(case.guard)] if case.guard is not None else []
            self.block([*guard, *case.body], assigned(case.pattern) if not self.local else ())

    def visit_Assign(self, node: ast.Assign) -> None:
        unpacks = any(isinstance(target, ast.Tuple | ast.List) for target in node.targets)
        self.visit(node.value) if unpacks else self.reference(node.value)
        self.runs_code = self.runs_code or unpacks
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.reference(node.value)
            self.visit(node.target)
        if not self.postponed:
            self.reference(node.annotation)
        if not self.local and isinstance(node.target, ast.Name):
            self.binds.add("__annotations__")
            self.annotates.add(mangled(self.owner, node.target.id))

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.runs_code = True
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.runs_code = True
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                self.look(right, node.left)
        self.generic_visit(node)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.runs_code = True
        first = node.generators[0].iter
        self.iterated(first)
        for element in first.elts if isinstance(first, ast.Tuple | ast.List | ast.Set) else ():
            if chain := self.chain(element):
                self.use(chain, self.arguments)
        self.local.append(set())
        for number, generator in enumerate(node.generators):
            self.visit(generator.target)
            if number:
                self.iterated(generator.iter)
            for condition in generator.ifs:
                self.visit(condition)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.visit(part)
        self.local.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    # ------------------------------------------------------------------ definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.shaped(decorator)
            if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter", "register"):
                self.mutate(decorator.value)
        self.type_parameters(node)
        self.parameters(node.args)
        if node.returns is not None and not self.postponed:
            self.reference(node.returns)
        self.define(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def define(self, name: str) -> None:
        name = mangled(self.owner, name)
        self.bind(name)
        if (
            not self.local and not self.looping
        ):  # in a loop the same text makes many, and none of them is the definition
            self.defines.add(name)

    def type_parameters(self, node: ast.AST) -> None:
        names = {p.name for p in getattr(node, "type_params", ())}
        if names and self.local:
            self.local[-1] |= names

    def parameters(self, arguments: ast.arguments) -> None:
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.reference(default)
        if not self.postponed:
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            for argument in every:
                if argument is not None and argument.annotation is not None:
                    self.reference(argument.annotation)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.parameters(node.args)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.runs_code = True
        for decorator in node.decorator_list:
            self.shaped(decorator)
        for base in [*node.bases, *(k.value for k in node.keywords)]:
            self.shaped(base) if self.chain(base) else self.visit(base)
            generic = self.chain(base.value) if isinstance(base, ast.Subscript) else None
            if generic:
                self.use(generic, self.shapes)
        self.local.append(set())
        self.type_parameters(node)
        around, self.owner = self.owner, node.name
        for statement in node.body:
            self.visit(statement)
        self.owner = around
        self.local.pop()
        self.define(node.name)

    # ------------------------------------------------------------------ the rest

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.bind(bound)
            self.imports.append(ImportOf(alias.name, 0, "", alias.asname or ""))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name)
            self.imports.append(ImportOf(node.module or "", node.level, alias.name, alias.asname or alias.name))

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        self.generic_visit(node)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """`case Point(0, y)` asks the class for its `__match_args__`."""
        self.shaped(node.cls)
        if chain := self.chain(node.cls):
            self.use((*chain, "__match_args__"))
        for pattern in [*node.patterns, *node.kwd_patterns]:
            self.visit(pattern)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        """The value is computed when somebody asks, and kept from then on."""
        self.bind(node.name.id)  # type: ignore[attr-defined]  # ast.TypeAlias is new in Python 3.12
        self.local.append({p.name for p in node.type_params})  # type: ignore[attr-defined]
        self.visit(node.value)  # type: ignore[attr-defined]
        self.local.pop()

    def visit_Global(self, node: ast.Global) -> None:
        self.binds.update(self.names(node.names))  # in a class body


def is_namespace(node: ast.expr) -> bool:
    """Whether an expression is `globals()`, or `vars()` or `locals()` where that is the same."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("globals", "vars", "locals")
        and not node.args
        and not node.keywords
    )


def owner_of_namespace(node: ast.expr) -> ast.expr | None:
    """`level` in `vars(level)` and `level.__dict__`."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    is_vars = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars"
    return node.args[0] if is_vars and len(node.args) == 1 else None  # type: ignore[attr-defined]  # a call
