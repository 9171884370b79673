"""How Sphinx builds the documentation."""

from __future__ import annotations

project = "store"
author = "the store maintainers"
project_copyright = "the store maintainers, GPL-3.0-or-later"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
templates_path: list[str] = []

html_theme = "furo"
html_title = "store"
html_show_sourcelink = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# `Cache` is the name of several classes, as the seeds have it; a docstring means the one of its own room.
suppress_warnings = ["ref.python"]
