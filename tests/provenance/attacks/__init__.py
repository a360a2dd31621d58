"""Attacks on the cache, by subject."""

from __future__ import annotations

from provenance.attacks import (
    between,
    classes,
    definitions,
    effects,
    holders,
    imports,
    inputs,
    libraries,
    needless,
    objects,
    protocols,
    readings,
)

_MODULES = (
    between,
    classes,
    definitions,
    effects,
    holders,
    imports,
    inputs,
    libraries,
    needless,
    objects,
    protocols,
    readings,
)
ALL = [case for module in _MODULES for case in module.CASES.found]
