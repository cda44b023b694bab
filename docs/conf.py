"""How Sphinx makes the site of these pages: Markdown by MyST, the reference from the sources, which are read and not imported.

Nothing is fetched, neither when it is built nor when it is looked at.
"""

from __future__ import annotations

project = "airflow-provider-orocommerce"
author = "The airflow-provider-orocommerce authors"
project_copyright = author

extensions = ["myst_parser", "autoapi.extension"]
exclude_patterns = ["README.md"]
root_doc = "index"
# Docstrings write code as Markdown does: in single backticks.
default_role = "literal"
nitpicky = False  # names of Airflow's and of the standard library lie on other sites

myst_heading_anchors = 3
myst_enable_extensions = ["fieldlist"]

autoapi_dirs = ["../oro_provider"]
autoapi_generate_api_docs = False  # pages below reference/ say what is public
autoapi_python_class_content = "class"
autoapi_options = ["members", "show-inheritance"]
autoapi_keep_files = False
# Airflow's names come through `version_compat`, and Airflow is not read.
suppress_warnings = ["autoapi.python_import_resolution"]

html_theme = "furo"
html_title = "OroCommerce for Apache Airflow"
html_copy_source = False
html_show_sphinx = False
