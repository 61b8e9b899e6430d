"""Histories of real projects, replayed into a live process that is compared with a fresh one."""
