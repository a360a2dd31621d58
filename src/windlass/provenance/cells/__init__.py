"""Notebooks: what was run in a kernel, and what a file holds, as code that others can run."""
