"""One thread for a few rows: many threads wait longer for one another than they save."""

from __future__ import annotations

import contextlib


def one_thread() -> contextlib.AbstractContextManager[object]:
    """Lets numeric libraries compute in one thread while it is entered, if threadpoolctl is there.

    It is wherever scikit-learn is. A prediction of one row by many threads takes a hundred times
    as long on a machine that does other work beside it.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return contextlib.nullcontext()
    limits: contextlib.AbstractContextManager[object] = threadpool_limits(1)
    return limits


def one_for_this_thread() -> None:
    """Has OpenMP compute in one thread from now on, for what this thread asks; others keep theirs.

    What is limited are the libraries that are loaded by now.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return
    threadpool_limits(1, user_api="openmp")
