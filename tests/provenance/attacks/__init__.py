"""Attacks on the cache, by subject."""

from __future__ import annotations

from provenance.attacks import classes, imports, inputs, needless, objects

_MODULES = (objects, classes, imports, inputs, needless)
ALL = [case for module in _MODULES for case in module.CASES.found]
