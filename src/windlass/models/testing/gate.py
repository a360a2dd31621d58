"""Testing a version: its suite is run by pytest, and what came of it is kept as its report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError
from windlass.models.code import code_folders, find_modules
from windlass.models.describing import describe
from windlass.models.naming import CHAMPION
from windlass.models.suites import suite_digest, suite_of
from windlass.models.testing.release import NO_CHAMPION
from windlass.models.testing.summary import by_capability
from windlass.models.testing.verdicts import ERROR, FAIL, INCONCLUSIVE, verdict_of
from windlass.models.version import Version
from windlass.records.models import Report
from windlass.version import __version__

_NO_PYTEST = "pytest is not installed here, and release tests are pytest tests"


def put_to_test(version: Version, root: Path, stack: str | None) -> Report:
    """Runs the release tests of a version's model, and keeps what came of them.

    Args:
        version: The version.
        root: The project's folder.
        stack: The stack's name in whose record the version is.

    Raises:
        ConfigError: There are no release tests, or no pytest.
    """
    suite = suite_of(root, version.row.model)
    find_modules(version)
    describe(version)  # it may have been made where nobody could, as on an engine
    digest, started = suite_digest(suite, root), time.time()
    champion = version.stores.records.aliases(version.row.model).get(CHAMPION)
    code, lines = _run_pytest(version, champion, root, suite, stack)
    tests = _tests(lines, code)
    if suite_digest(suite, root) != digest:
        raise ConfigError(
            f"files in {suite} were changed while the tests ran", hint="Test it once more."
        )
    document = {
        "candidate": version.number,
        "champion": champion,
        "suite": digest,
        "holdout": version.row.artifacts.get("holdout"),
        "reference": version.row.artifacts.get("reference"),
        "tests": tests,
        "counts": dict(Counter(test["outcome"] for test in tests)),
        "capabilities": by_capability(tests),
        "seconds": time.time() - started,
        "windlass": __version__,
        "python": sys.version.split()[0],
        "ci": bool(os.environ.get("CI")),
    }
    verdict = verdict_of(test["outcome"] for test in tests)
    return version.stores.records.save_report(version.row, verdict, document)


def _run_pytest(
    version: Version, champion: int | None, root: Path, suite: Path, stack: str | None
) -> tuple[int, list[dict[str, Any]]]:
    """Runs the suite in a process of its own; its exit code, and what the plugin wrote."""
    if find_spec("pytest") is None:
        raise ConfigError(_NO_PYTEST, hint="Install it: pip install pytest")
    against = NO_CHAMPION if champion is None else f"{version.row.model}@{champion}"
    with tempfile.TemporaryDirectory() as folder:
        outcomes = Path(folder) / "outcomes"
        words = [
            *(sys.executable, "-m", "pytest", str(suite)),
            *("-p", "windlass", "-o", f"cache_dir={folder}/cache"),  # whatever the project's say
            *("--rootdir", str(root)),  # a folder above may have options for pytest, too
            *("-W", "error::pytest.PytestReturnNotNoneWarning"),  # it asserts nothing
            *("--candidate", version.name, "--champion", against),
            *("--windlass-outcomes", str(outcomes)),
            *(("--windlass-stack", stack) if stack else ()),
        ]
        done = subprocess.run(
            words,
            cwd=root,
            env=_variables(code_folders(version)),
            check=False,
        )
        if not outcomes.exists():
            raise ConfigError(
                f"pytest ended with exit code {done.returncode} before any test",
                hint="What it printed tells why. Is there an error in a conftest.py, or in its "
                "options?",
            )
        lines = outcomes.read_text(encoding="utf-8").splitlines()
    return done.returncode, [_read(line) for line in lines]


def _variables(folders: Sequence[Path]) -> Mapping[str, str]:
    """The environment of pytest, in which the project's modules are found."""
    path = [*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}


def _read(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    return found


def _tests(lines: Sequence[Mapping[str, Any]], code: int) -> list[dict[str, Any]]:
    """What came of each test that was found, also of those that never ended."""
    ended = [dict(line) for line in lines if "test" in line]
    known = {test["test"] for test in ended}
    died = f"pytest ended with exit code {code} under it"
    found = dict.fromkeys((test for line in lines for test in line.get("found", ())), _LEFT_OUT)
    found |= {line["began"]: died for line in lines if "began" in line}
    tests = [*ended, *(_error(test, why) for test, why in found.items() if test not in known)]
    is_whole = any("ended" in line for line in lines)
    if (code or not is_whole) and not any(test["outcome"] in _SAYS_WHY for test in tests):
        tests.append(_error("pytest", f"pytest ended with exit code {code}; its output tells why"))
    return tests


def _error(test: str, message: str) -> dict[str, Any]:
    return {"test": test, "outcome": ERROR, "message": message}


_LEFT_OUT = "it was not run: an option or a plugin of pytest left it out, or ended the tests"
_SAYS_WHY = (FAIL, INCONCLUSIVE, ERROR)
"""Outcomes after which pytest does not end with exit code 0."""
