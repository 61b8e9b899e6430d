"""Sphinx's settings: `sphinx-build docs docs/_build`."""

project = "hotswap"
author = "The hotswap authors"
copyright = "The hotswap authors"

extensions = ["myst_parser"]
html_theme = "furo"
html_title = "hotswap"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
