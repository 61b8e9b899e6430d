"""Living instances of a class whose fields changed: `__hotswap_migrate__(self, added, removed)` brings them over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from weakref import ref

from hotswap import hooks
from hotswap.index import Index
from hotswap.journal import MISSING, Journal
from hotswap.looking import family, in_classes
from hotswap.model import Edit, Name, Reason
from hotswap.patch.instances import can_be_counted, instance_dict, living
from hotswap.patch.layout import own_slots
from hotswap.planning.fields import all_fields
from hotswap.resolving import resolve_value

HOOK = "__hotswap_migrate__"


class Migration:
    """Who is to be told of fields that came or went in a round."""

    def __init__(self, edits: Iterable[Edit], index: Index) -> None:
        self._index = index
        self._before: dict[str, dict[str, frozenset[str]]] = {}
        self._after: dict[str, dict[str, frozenset[str]]] = {}
        self._edits = tuple(edits)
        self._faults: dict[tuple[str, str], Reason] = {}

    def run(self, journal: Journal) -> list[Reason]:
        """Call the hook for every living instance.  Returns what went wrong.

        An instance whose hook raises is as it was before the call.  What hooks wrote to instances, a rollback undoes.
        """
        done: set[int] = set()
        warnings = []
        for instance in _failed():
            done.add(id(instance))
            self._migrate(instance, journal)
        for name in self._changed():
            cls = self._live(name)
            if cls is None or not any(map(_has_hook, family(cls))):
                continue
            if not can_be_counted(cls):
                warnings.append(_hidden(name))
            instances = [each for each in living(cls) if _has_hook(type(each)) and id(each) not in done]
            done.update(map(id, instances))
            for instance in instances:
                self._migrate(instance, journal)
        return [*warnings, *self._faults.values()]

    def _changed(self) -> list[Name]:
        """The classes that have other fields than before."""
        told = [edit for edit in self._edits if edit.new is not None]
        if not any(HOOK.encode() in edit.new.data for edit in told if edit.new) and not self._index.migrating:
            return []
        return [name for edit in told for name in self._compare(edit)]

    def _compare(self, edit: Edit) -> Iterator[Name]:
        assert edit.new is not None
        before, after = all_fields(edit.old), all_fields(edit.new)
        self._before[edit.module], self._after[edit.module] = before, after
        for qualname in before.keys() & after.keys():
            if before[qualname] != after[qualname]:
                yield edit.module, qualname

    def _live(self, name: Name) -> type | None:
        tracked = self._index.modules.get(name[0])
        found = resolve_value(tracked.namespace, tuple(name[1].split("."))) if tracked is not None else None
        return found if isinstance(found, type) else None

    def _migrate(self, instance: Any, journal: Journal) -> None:
        cls = type(instance)
        before, after = self._fields(cls)
        if id(instance) in _waiting:
            before = _waiting[id(instance)][1]
            journal.delete_item(_waiting, id(instance))
        if before == after or not _has_hook(cls):
            return
        mark = len(journal)
        _remember(instance, journal)
        name = f"{cls.__module__}.{cls.__qualname__}.{HOOK}"
        fault = hooks.call(getattr(cls, HOOK), name, instance, after - before, before - after)
        if fault is not None:
            journal.rollback(mark)
            code = getattr(getattr(cls, HOOK), "__code__", None)
            where = f"{code.co_filename}:{code.co_firstlineno}" if code is not None else name
            with suppress(TypeError):  # it cannot be referred to weakly: it is told of once, and not tried again
                journal.set_item(_waiting, id(instance), (ref(instance), before))
            self._faults.setdefault((cls.__module__, cls.__qualname__), _broken(fault, where))

    def _fields(self, cls: type) -> tuple[frozenset[str], frozenset[str]]:
        """All fields of a class, inherited ones included, before the round and now."""
        before, after = frozenset[str](), frozenset[str]()
        for each in cls.__mro__:
            name = each.__module__, each.__qualname__
            before |= self._own(self._before, name)
            after |= self._own(self._after, name)
        return before, after

    def _own(self, known: dict[str, dict[str, frozenset[str]]], name: Name) -> frozenset[str]:
        if name[0] not in known:
            tracked = self._index.modules.get(name[0])
            known[name[0]] = all_fields(tracked.source) if tracked is not None else {}
        return known[name[0]].get(name[1], frozenset())


_waiting: dict[int, tuple[ref[Any], frozenset[str]]] = {}
"""Instances for which the hook raised, by their identity, and the fields that they have."""


def _failed() -> list[Any]:
    """The instances for which it raised in earlier rounds, as far as they live."""
    found = []
    for key, (reference, _) in list(_waiting.items()):
        instance = reference()
        if instance is None:
            del _waiting[key]
        else:
            found.append(instance)
    return found


def _has_hook(cls: type) -> bool:
    return in_classes(cls.__mro__, HOOK) is not None


def _remember(instance: object, journal: Journal) -> None:
    """Have a rollback restore what the instance holds."""
    space = instance_dict(instance)
    if space is not None:
        journal.remember(space)
    slots = {name for cls in type(instance).__mro__ for name in own_slots(cls)}
    if slots:
        journal.on_rollback(_restore_slots, instance, {name: getattr(instance, name, MISSING) for name in slots})


def _restore_slots(instance: object, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value is not MISSING:
            object.__setattr__(instance, name, value)
        elif getattr(instance, name, MISSING) is not MISSING:
            object.__delattr__(instance, name)


def _broken(fault: hooks.Fault, where: str) -> Reason:
    return Reason(
        code="HS507",
        what=str(fault),
        where=where,
        why="instances for which it raised have the fields that they had",
        remedy="mend it and save: each round tries again",
    )


def _hidden(name: Name) -> Reason:
    return Reason(
        code="HS510",
        what=f"instances of {name[0]}.{name[1]} cannot be found",
        where=f"{name[0]}.{name[1]}",
        why=f"gc.freeze() hides them, so that {HOOK} was not called",
        remedy="restart, or call gc.unfreeze() before saving",
    )
