"""Models of pydantic 2: their compiled validators hold the class, so they are compiled anew for the live one."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from enum import EnumMeta
from typing import Any

from hotswap.errors import CannotSwap
from hotswap.journal import MISSING, Journal, type_delattr, type_setattr
from hotswap.looking import family, is_instance
from hotswap.patch.instances import living
from hotswap.patch.reasons import reason

COMPILED = ("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__")


def is_model(cls: type) -> bool:
    """Whether the class is a pydantic model."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and "__pydantic_core_schema__" in cls.__dict__ and issubclass(cls, pydantic.BaseModel)


def class_variables(cls: type) -> frozenset[str]:
    """The attributes of a model that are no fields: `seen: ClassVar[list] = []` holds what the program put there."""
    return frozenset(cls.__dict__.get("__class_vars__", ()))


class Schemas:
    """The compiled validators that contain a model, its own and those of others."""

    def __init__(self, live: type, fresh: type, journal: Journal) -> None:
        """Raises CannotSwap when something contains the model that cannot be compiled again."""
        self._live: Any = live
        self._journal = journal
        self._models = containing(live)
        self._adapters = [a for a in _adapters() if _within(getattr(a, "core_schema", None), live)]
        self._private = _new_private(live, fresh)
        self._check(fresh)

    def _check(self, fresh: type) -> None:
        made = [c.__qualname__ for c in family(self._live)[1:] if _origin(c) is self._live]
        if made:
            raise CannotSwap(_refusal(fresh, f"{', '.join(made)} came from subscription, not from a statement"))
        if self._is_elsewhere():
            gc.collect()  # classes of earlier rounds are cycles, and so are their schemas
            if self._is_elsewhere():
                why = "a validator that is neither a model's nor a TypeAdapter's contains it"
                raise CannotSwap(_refusal(fresh, why))

    def _is_elsewhere(self) -> bool:
        """Whether a schema contains the model that belongs to nothing we know."""
        schemas = [vars(m).get(COMPILED[0]) for m in (self._live, *self._models)]
        schemas += [adapter.core_schema for adapter in self._adapters]
        schemas += [part.get(COMPILED[0], part) for part in self._journal.mentioned() if type(part) is dict]
        known = {id(part) for schema in schemas for part in _parts(schema)}
        holders = [h for h in gc.get_referrers(self._live) if type(h) is dict and id(h) not in known]
        return any(h.get("cls") is self._live and "schema" in h for h in holders)

    def begin(self, journal: Journal) -> None:
        """Without compiled parts of their own, no model takes over those of another when it is compiled."""
        for model in (self._live, *self._models):
            for name in COMPILED:
                journal.delete_attribute(model, name)

    def finish(self, journal: Journal) -> None:
        """Compile the model, then all that contains it; instances get the values of new private attributes."""
        for model in (self._live, *self._models):
            journal.call((_compile, model), (_restore, model, dict(vars(model))))
        for adapter in self._adapters:
            journal.call((_compile_adapter, adapter), (vars(adapter).update, dict(vars(adapter))))
        for instance, values in self._private:
            space = instance.__pydantic_private__
            if space is None:
                journal.set_attribute(instance, "__pydantic_private__", values)
            else:
                for name in values.keys() - space.keys():
                    journal.set_item(space, name, values[name])


class Holders:
    """The compiled validators that contain an enumeration: they hold its members as they were."""

    def __init__(self, live: type) -> None:
        self._models = containing(live)
        self._adapters = [a for a in _adapters() if _within(getattr(a, "core_schema", None), live)]

    def begin(self, journal: Journal) -> None:
        """As for a model that is edited."""
        for model in self._models:
            for name in COMPILED:
                journal.delete_attribute(model, name)

    def finish(self, journal: Journal) -> None:
        """Compile all that contains it."""
        for model in self._models:
            journal.call((_compile, model), (_restore, model, dict(vars(model))))
        for adapter in self._adapters:
            journal.call((_compile_adapter, adapter), (vars(adapter).update, dict(vars(adapter))))


def containing(cls: type) -> list[type]:
    """The models whose compiled validators contain another model, or an enumeration."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not (is_model(cls) or is_instance(cls, EnumMeta)):
        return []
    return [m for m in family(pydantic.BaseModel) if m is not cls and _mentions(m, cls)]


def _compile(model: Any) -> None:
    try:
        names = vars(sys.modules[model.__module__]) if model.__module__ in sys.modules else {}
        model.model_rebuild(force=True, _types_namespace=names)
    except Exception as error:
        raise CannotSwap(_refusal(model, f"pydantic cannot compile it again: {error}")) from error


def _compile_adapter(adapter: Any) -> None:
    try:
        adapter.rebuild(force=True)
    except Exception as error:
        raise CannotSwap(_refusal(type(adapter), f"pydantic cannot compile it again: {error}")) from error


def _restore(model: type, before: dict[str, Any]) -> None:
    for name in vars(model).keys() - before.keys():
        type_delattr(model, name)
    for name, value in before.items():
        if vars(model).get(name, MISSING) is not value:
            type_setattr(model, name, value)


def _mentions(model: type, cls: type) -> bool:
    return _within(vars(model).get("__pydantic_core_schema__"), cls)


def _within(schema: object, cls: type) -> bool:
    """Whether a core schema contains a model."""
    return any(is_instance(part, dict) and part.get("cls") is cls for part in _parts(schema))


def _parts(schema: object) -> Iterator[object]:
    seen: set[int] = set()
    todo = [schema]
    while todo:
        part = todo.pop()
        if is_instance(part, dict | list | tuple) and id(part) not in seen:
            seen.add(id(part))
            yield part
            todo += part.values() if is_instance(part, dict) else part


def _adapters() -> list[Any]:
    return living(sys.modules["pydantic"].TypeAdapter)


def _origin(cls: type) -> object:
    return cls.__dict__.get("__pydantic_generic_metadata__", {}).get("origin")


def _new_private(live: type, fresh: type) -> list[tuple[Any, dict[str, Any]]]:
    """The private attributes that living instances lack, with values for each."""
    before, now = (c.__dict__.get("__private_attributes__", {}) for c in (live, fresh))
    added = {n: a for n, a in now.items() if n not in before}
    found = []
    for instance in living(live) if added else ():
        values = {n: a.get_default() for n, a in added.items()}
        found.append((instance, {n: v for n, v in values.items() if repr(v) != "PydanticUndefined"}))
    return found


def _refusal(cls: type, why: str) -> Any:
    return reason("HS210", cls, "is a pydantic model that cannot be swapped", why)
