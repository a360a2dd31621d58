"""What a step does to its process does not reach the step that runs there next.

Working directory, environment variables and standard streams are put back; a copy of the process
that the step forked, and let come back, is ended where it would go on as a second worker.
Modules and their globals stay: that is what makes a warm worker warm. ``--fresh`` shows them. So do
variables that were added while modules were imported: a library may have set them for itself, as
scikit-learn does for OpenMP.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from typing import NoReturn

from windlass.execution import capture
from windlass.execution.worker_state import in_worker


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Puts the process back into the state that it was in before a step.

    What the step returned is stored within: a relative path is one from the folder that the step
    went to.
    """
    folder, environment = _folder(), dict(os.environ)
    streams, modules = (sys.stdin, sys.stdout, sys.stderr), len(sys.modules)
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        if in_worker() and any(stream is None or stream.closed for stream in streams[1:]):
            capture.open_streams()
        if folder is not None and _folder() != folder:
            with contextlib.suppress(OSError):  # it was taken away
                os.chdir(folder)
        if dict(os.environ) != environment:
            _restore(environment, keep_added=len(sys.modules) != modules)


@contextlib.contextmanager
def in_this_process() -> Iterator[None]:
    """Ends what comes out of it in another process: a copy that the step forked and let go on."""
    process = os.getpid()
    try:
        yield
    except BaseException as error:
        if os.getpid() != process:
            _end_copy(error)
        raise
    if os.getpid() != process:
        _end_copy(None)


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 (a string is what it takes to go back)
    except OSError:
        return None


def _restore(environment: dict[str, str], *, keep_added: bool) -> None:
    for name in set(os.environ) - set(environment):
        if not keep_added:
            del os.environ[name]
    os.environ.update(environment)


def _end_copy(error: BaseException | None) -> NoReturn:
    """Ends a child process as it would have ended had it been started by itself."""
    code = 0
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        traceback.print_exception(error)
        code = 1
    capture.flush()
    os._exit(code)
