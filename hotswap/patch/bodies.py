"""New code, default values and annotations for the functions of a round that are alive."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from weakref import ref

from hotswap.codes import CodePair
from hotswap.errors import CannotSwap
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.model import Edit
from hotswap.patch.functions import patch_code
from hotswap.patch.live import Heap, OldCode, is_held, replace_held_codes
from hotswap.patch.signatures import Before, Signatures
from hotswap.resolving import owner_of


@dataclass(frozen=True, slots=True)
class Stale:
    """A function that has to keep its old code for the time being, and why."""

    function: FunctionType
    code: CodeType
    error: CannotSwap


@dataclass(frozen=True, slots=True)
class Patched:
    """A function with other parameters, whose default values may be those of names that statements still bind."""

    function: FunctionType
    before: Before
    pair: CodePair
    signatures: Signatures


class Bodies:
    """Gives functions their new code, and knows which of them could not have it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._heap: Heap | None = None
        self.stale: list[Stale] = []
        self._patched: list[Patched] = []
        self._replaced: list[tuple[CodeType, FunctionType]] = []
        """Codes that something else holds too, and their functions."""

    @contextmanager
    def together(self, tracked: Iterable[Tracked]) -> Iterator[None]:
        """Within the block functions of these modules are patched: the heap is searched once for all of them."""
        self._heap = Heap(each.namespace for each in tracked)
        try:
            yield
        finally:
            self._heap = None

    def patch(self, edit: Edit, tracked: Tracked, pairs: Iterable[CodePair]) -> None:
        """Find every function that runs old code of the module, and let it run the new one."""
        pairs = list(pairs)
        old = OldCode(edit.module, tracked.namespace, pairs, edit.old.code, self._heap)
        signatures = Signatures(edit, tracked.namespace)
        found = old.find(everywhere=tracked.has_rerun and _may_be_anywhere(edit, pairs))
        self._replaced += [(function.__code__, function) for function in old.held_elsewhere]
        for function, pair in found:
            code, before = function.__code__, Before.of(function)
            if signatures.edited(pair):
                self._patched.append(Patched(function, before, pair, signatures))
            try:
                signature = signatures.told(before, pair)
                patch_code(function, pair.new, owner_of(tracked, pair.qualname), self.journal)
            except CannotSwap as error:  # a statement that makes it anew, or binds what it needs, may still come
                self.stale.append(Stale(function, code, error))
                continue
            if signature is not None:
                signature.give_to(function, self.journal)

    def statements_ran(self) -> None:
        """Names have their new values now: default values that are said with them are told once more."""
        waiting = {id(each.function): each for each in self.stale}
        for each in self._patched:
            stale = waiting.get(id(each.function))
            if each.function.__code__ is not (each.pair.new if stale is None else stale.code):
                continue  # it was made anew
            try:
                signature = each.signatures.told(each.before, each.pair)
                if stale is not None:
                    patch_code(each.function, each.pair.new, None, self.journal)
            except CannotSwap:
                continue
            if signature is not None:
                signature.give_to(each.function, self.journal)

    def left_behind(self) -> Iterator[CannotSwap]:
        """Why functions are still on their old code, of those that anybody holds.

        What only garbage holds is thrown away for that, and nothing is known of functions on old code any more.
        """
        ignored = [*self.stale, *self._patched]
        left = [each for each in self.stale if each.function.__code__ is each.code and is_held(each.function, ignored)]
        found = [(ref(each.function), each.error.with_traceback(None)) for each in left]
        if found:
            ids = {id(each.function) for each in left}
            self.stale, self._patched = [], []
            self._replaced = [(code, function) for code, function in self._replaced if id(function) not in ids]
            del left, ignored  # they would hold the functions
            gc.collect()
        yield from (error for function, error in found if function() is not None)

    def replace_held_codes(self) -> None:
        """Let containers that hold the old code of a function hold its new one."""
        replace_held_codes(self._replaced, self.journal)


def _may_be_anywhere(edit: Edit, pairs: Iterable[CodePair]) -> bool:
    """Whether functions are among them that stand under no name: local ones, lambdas, those that a loop makes."""
    looped = {name for _, facts in edit.old.all_facts() for name in facts.binds - facts.defines}
    return any("<" in pair.old.co_qualname or pair.old.co_qualname in looped for pair in pairs)
