"""The parts of `hotswap.watch`: what may change a file, who tells of it, and when a burst is over.

Used through `hotswap.watch` (`hotswap.provenance` asks for stamps too).  None of them knows modules, sources or the
reloader: they speak of paths.
"""
