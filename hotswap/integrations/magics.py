"""`%hotswap` in a shell: carrying out a line, completing one, telling what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hotswap.errors import HotswapError, UsageError
from hotswap.integrations.commands import COMMANDS, say

if TYPE_CHECKING:
    from hotswap.integrations.ipython import Session


def run(session: Session, line: str) -> None:
    """Carry out `%hotswap LINE`.  What makes no sense is told in one line; nothing is done then."""
    name, *words = line.split() or ["state"]
    command = COMMANDS.get(name)
    try:
        if command is None:
            raise UsageError(f"there is no %hotswap {name}; %hotswap help lists what there is")
        command.act(session, words)
    except HotswapError as error:
        say(str(error))


def complete(session: Session, line: str) -> list[str]:
    """The words that may stand where the cursor is, at the end of the line."""
    words = line.split()
    if line[-1:].isspace() or not words:
        words.append("")
    before, begun = words[1:-1], words[-1]
    if not before:
        return [name for name in COMMANDS if name.startswith(begun)]
    command = COMMANDS.get(before[0])
    found = command.words(session) if command is not None else ()
    return sorted(word for word in set(found) if word.startswith(begun) and word not in before)


DOC = "Keep the session in step with its source files.\n\n" + "\n".join(
    f"    %hotswap {command.usage:26} {command.summary}" for command in COMMANDS.values()
)


def install_magic(shell: Any, session: Session) -> None:
    """Give the shell `%hotswap`."""

    def magic(line: str) -> None:
        run(session, line)

    magic.__doc__ = DOC
    shell.register_magic_function(magic, "line", "hotswap")
    shell.set_hook("complete_command", lambda _, event: complete(session, event.line), str_key="%hotswap")


def remove_magic(shell: Any) -> None:
    """Take it away again."""
    shell.magics_manager.magics["line"].pop("hotswap", None)
    shell.strdispatchers["complete_command"].strs.pop("%hotswap", None)
