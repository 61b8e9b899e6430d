"""Runs the examples, and the Python blocks of the README and the documentation."""
