"""Steps, pipelines and the plan they make: pure, without input or output.

``windlass.pipeline`` is this package and the decorator too. Python binds a subpackage to its
parent's attribute whenever it is imported, so the two names cannot be kept apart; the package is
therefore callable and hands the call to the decorator.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from windlass.pipeline.pipeline import pipeline

        return pipeline(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
