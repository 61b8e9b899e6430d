"""Classes whose fields a decorator or base turns into methods: dataclasses, attrs, named tuples."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from hotswap.errors import CannotSwap
from hotswap.journal import Journal
from hotswap.looking import is_instance
from hotswap.patch.instances import alive, can_be_counted, has_value, instance_dict, living
from hotswap.patch.reasons import reason

Make = Callable[[Any], Any]
"""Makes the value of a field for an instance that was built before the field existed."""


def is_namedtuple(cls: type) -> bool:
    """Whether the class itself was made by `NamedTuple` or `namedtuple`."""
    return issubclass(cls, tuple) and "_fields" in cls.__dict__ and "_make" in cls.__dict__


def field_names(cls: type) -> list[str]:
    """The fields that a decorator found in the body of the class itself, and its own notes about them."""
    fields = cls.__dict__.get("__dataclass_fields__")
    if is_instance(fields, Mapping) and fields:
        return [*(name for name, each in fields.items() if not _is_of_the_class(each)), "*"]
    attributes = cls.__dict__.get("__attrs_attrs__")
    if attributes is not None:
        return [*(a.name for a in attributes), "*"]
    found = cls.__dict__.get("__pydantic_fields__")
    return [] if found is None else [*found, "*"]


def _is_of_the_class(field: Any) -> bool:
    """Whether dataclasses only took note of an attribute of the class: `done: ClassVar[list] = []` holds its state."""
    return field._field_type is dataclasses._FIELD_CLASSVAR  # type: ignore[attr-defined]


def check_tuple(live: type, fresh: type) -> None:
    """Raises CannotSwap when living tuples would be read with other field names than they were made with."""
    before, after = (getattr(c, "_fields", None) if issubclass(c, tuple) else None for c in (live, fresh))
    if before == after or before is None:
        return
    count = len(alive(live))
    if count or not can_be_counted(live):
        why = f"{count} living instance(s) were made with the fields {', '.join(before)}"
        raise CannotSwap(reason("HS206", fresh, "has other tuple fields now", why))


class Fields:
    """Values for the fields that living instances lack."""

    def __init__(self, live: type, fresh: type) -> None:
        """Raises CannotSwap when an instance lacks a field that has no default."""
        self._live, self._fresh = live, fresh
        wanted = _wanted(live, fresh)
        pairs = [(o, n) for o in (living(live) if wanted else ()) for n in wanted]
        self._missing = [(o, n, wanted[n]) for o, n in pairs if not has_value(o, n)]
        self._check_required()
        self._values = [(o, n, make(o)) for o, n, make in self._missing if make is not None]

    def _check_required(self) -> None:
        if any(make is None for _, _, make in self._missing):
            used = {id(o) for o in alive(self._live)}
            self._missing = [entry for entry in self._missing if id(entry[0]) in used]
        required = {id(o): n for o, n, make in self._missing if make is None}
        if required:
            names = ", ".join(sorted(set(required.values())))
            why = f"{len(required)} living instance(s) have no value for {names}"
            remedy = "give it a default, or restart"
            raise CannotSwap(reason("HS207", self._fresh, "has a new field without default", why, remedy))

    def begin(self, journal: Journal) -> None:
        """Nothing."""

    def finish(self, journal: Journal) -> None:
        """Store the values in the instances, past any `__setattr__` of theirs."""
        for instance, name, value in self._values:
            space = instance_dict(instance)
            if space is not None:
                journal.set_item(space, name, value)
            else:
                journal.set_attribute(instance, name, value)


def _wanted(live: type, fresh: type) -> dict[str, Make | None]:
    """The fields that instances must hold themselves and that older ones may lack, with what makes their value."""
    now, before = _own_values(fresh), _own_values(live)
    return {name: make for name, make in now.items() if name not in before}


def _own_values(cls: type) -> dict[str, Make | None]:
    """The fields whose values are in each instance, because no class attribute stands in for them."""
    fields = cls.__dict__.get("__dataclass_fields__")
    if is_instance(fields, Mapping):
        return _of_dataclass(fields)
    attributes = cls.__dict__.get("__attrs_attrs__")
    if attributes is not None:
        return _of_attrs(attributes)
    found = cls.__dict__.get("__pydantic_fields__")
    return _of_pydantic(found) if is_instance(found, Mapping) else {}


def _of_dataclass(fields: Mapping[str, Any]) -> dict[str, Make | None]:
    found: dict[str, Make | None] = {}
    for name, each in fields.items():
        if each._field_type is not dataclasses._FIELD or each.default is not dataclasses.MISSING:  # type: ignore[attr-defined]
            continue
        if each.default_factory is not dataclasses.MISSING:
            found[name] = _call(each.default_factory)
        elif each.init:
            found[name] = None
    return found


def _of_attrs(attributes: Any) -> dict[str, Make | None]:
    found: dict[str, Make | None] = {}
    for each in attributes:
        default = each.default
        if type(default).__name__ == "_Nothing":  # by its name, for attrs may be the program, and half way through
            if each.init:
                found[each.name] = None
        elif type(default).__name__ == "Factory":
            found[each.name] = default.factory if default.takes_self else _call(default.factory)
        else:
            found[each.name] = _give(default)
    return found


def _of_pydantic(fields: Mapping[str, Any]) -> dict[str, Make | None]:
    return {name: None if each.is_required() else _default(each) for name, each in fields.items()}


def _default(field: Any) -> Make:
    if getattr(field, "default_factory_takes_validated_data", None):
        return lambda instance: field.get_default(call_default_factory=True, validated_data=dict(vars(instance)))
    return _call(field.get_default, call_default_factory=True)


def _call(function: Callable[..., Any], **keywords: Any) -> Make:
    return lambda _: function(**keywords)


def _give(value: Any) -> Make:
    return lambda _: value
