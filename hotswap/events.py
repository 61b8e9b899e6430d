"""What can happen to a name: each event is the name itself with a mark behind it."""

from __future__ import annotations

import os

from hotswap.model import ASSET, Name

HOOKS = frozenset(
    "__init_subclass__ __set_name__ __prepare__ __new__ __init__ __call__ __get__ __set__ __delete__ __mro_entries__ "
    "__class_getitem__ __getattr__ __getattribute__ _generate_next_value_".split()
)
"""Members of a class that run, or decide, when other definitions are made with the class."""

BEHAVIOUR, DESCRIPTION, CONTENT = "()", "?", "[]"


def behaviour(name: Name) -> Name:
    """The definition of that name changed in place; the name alone means "it was bound to something else"."""
    return name[0], name[1] + BEHAVIOUR


def described(name: Name) -> Name:
    """Docstring, signature or annotations of the function changed, for decorators that copy them."""
    return name[0], name[1] + DESCRIPTION


def content(name: Name) -> Name:
    """The content of the object that the name stands for changed: a list's, an instance's."""
    return name[0], name[1] + CONTENT


def abstractness(cls: Name) -> Name:
    """The class became abstract, or is so no more: who calls it fails now, or does not any more."""
    return cls[0], cls[1] + ".__abstractmethods__"


def members(cls: Name, key: str = "") -> Name:
    """An enumeration has other members, or answers otherwise when it is asked for one; for the one of a `key`."""
    return cls[0], f"{cls[1]}.__members__{key and '.'}{key}"


def subclasses(cls: Name) -> Name:
    """Other classes derive from the class."""
    return cls[0], cls[1] + ".__subclasses__"


def written(name: Name) -> Name:
    """The text of a function, class or module ("": the module itself) is another one, if only by a comment."""
    return name[0], f"{name[1]}.__code__".lstrip(".")


def member(leaf: str) -> Name:
    """Some class has another member of that name now, or none any more."""
    return "", f".{leaf}"


def loaded(path: str) -> Name:
    """Something else was made of a file that is no module."""
    return ASSET, path


def listed(folder: str, *, deep: bool) -> Name:
    """A file of the program came to a folder, or went; `deep`: to one in it."""
    return ASSET, os.path.join(folder, "**" if deep else "*")


BY_NAME: Name = ("", "import_module")
"""Some module that was asked for by a computed name is another one now, or has other names."""
IN_FOLDERS: Name = ("", "listdir")
"""A file of the program came to some folder that was looked through, or went."""


def is_loaded(event: Name) -> bool:
    """Whether the event is about such a file."""
    return event[0] == ASSET


def bare(event: Name) -> Name:
    """The name that an event is about."""
    return event if is_loaded(event) else (event[0], event[1].rstrip(BEHAVIOUR + DESCRIPTION + CONTENT))


def is_behaviour(event: Name) -> bool:
    """Whether the event is about a definition that changed in place."""
    return event[1].endswith(BEHAVIOUR)


def is_description(event: Name) -> bool:
    """Whether the event is about what a function tells of itself."""
    return event[1].endswith(DESCRIPTION)


def is_content(event: Name) -> bool:
    """Whether the event is about what an object contains."""
    return event[1].endswith(CONTENT)
