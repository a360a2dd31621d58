"""Checks of data at the borders of a step: what it is given, and what it returns.

`windlass.pipeline.guards` finds where an annotation asks for one. Here they are made, by pandera or
by calling a function, and what came of them is told and kept. pandera is met by its schemas, and
not imported before.
"""
