"""Syntax trees, also while another thread makes one."""

from __future__ import annotations

import ast
import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hotswap.parsing import parse

TEXT = "def f(a, b):\n    return [a + b * (a - b) for a in range(10) if a]\n" * 200


def deeper(levels: int, act: Callable[[], object]) -> None:
    """Do it further down the stack, from where Python counts."""
    if levels:
        deeper(levels - 1, act)
    else:
        act()


@contextmanager
def a_collection_that_lets_another_thread_parse() -> Iterator[None]:
    """The next time that the garbage collector comes by, as a finalizer may do it."""
    waiting = [threading.Thread(target=lambda: deeper(5, lambda: ast.parse("x = 1")))]
    main = threading.current_thread()

    def callback(phase: str, _info: dict[str, int]) -> None:
        if phase == "start" and waiting and threading.current_thread() is main:
            thread = waiting.pop()
            thread.start()
            thread.join()

    gc.callbacks.append(callback)
    try:
        yield
    finally:
        gc.callbacks.remove(callback)


def test_another_thread_may_parse_in_the_middle() -> None:
    """Python 3.11 fails then (gh-106905), and the text is not to blame."""
    expected = ast.dump(ast.parse(TEXT))
    gc.collect()
    with a_collection_that_lets_another_thread_parse():
        tree = parse(TEXT)
    assert ast.dump(tree) == expected
