"""The site: Sphinx over the pages of this folder, the gallery `examples/` and the public names."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import public_names  # noqa: E402

import kreg  # noqa: E402

project = "kreg"
author = "The kreg authors"
copyright = "The kreg authors, Apache-2.0"
version = release = kreg.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "mathml",
    "found_by",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "gallery/*.ipynb", "gallery/*.py"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
default_role = "code"  # single backticks are code, as in the docstrings

autosummary_generate = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False, "undoc-members": False}
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_inherit_docstrings = False
templates_path = ["_templates"]

sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"hydra_app",
    "within_subsection_order": "FileNameSortKey",
    "nested_sections": False,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 0,
    "show_memory": False,
}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "kreg"
html_static_path = ["_static"]
html_css_files = ["kreg.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 5,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
ALONE = (  # pages without others below them: the theme would give them an empty navigation
    "start", "faq", "symptoms", "how-it-works", "compared", "from-*", "guide", "in-your-script",
    "measurements", "options", "reliability", "scikit-learn",
)  # fmt: skip
html_sidebars = {page: [] for page in ALONE}


def setup(app):
    """Write the pages of the API reference before Sphinx looks for its sources."""
    public_names.write(Path(__file__).parent / "api")
    app.connect("autodoc-process-docstring", public_names.as_rst, priority=400)  # before napoleon
    app.connect("source-read", public_names.links_that_stay)
    return {"parallel_read_safe": True}
