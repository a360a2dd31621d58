"""Attacks on the cache, by subject."""

from __future__ import annotations

from provenance.attacks import classes, objects

ALL = [case for module in (objects, classes) for case in module.CASES.found]
