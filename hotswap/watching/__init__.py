"""The parts of `hotswap.watch`: what may change a file, who tells of it, and when a burst is over.

Imported by `hotswap.watch` alone.  None of them knows modules, sources or the reloader: they speak of paths.
"""
