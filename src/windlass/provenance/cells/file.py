"""The code in a notebook's file, as far as it is Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from windlass.errors import DefinitionError
from windlass.provenance.cells.kernel import is_python

NOTEBOOK = "__windlass_notebook__"
"""The attribute of a function that names the notebook which it runs."""


_MEND = "Open it in Jupyter and save it; or take it from an earlier commit."


def notebook_code(file: Path) -> str:
    """The text of all code cells; what is not Python, such as magics, stands in calls.

    Raises:
        DefinitionError: The file cannot be read, or is not a notebook of Python.
    """
    try:
        notebook = json.loads(file.read_text("utf-8"))
        _refuse_others(file, notebook)
        cells = notebook["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except OSError as error:
        raise DefinitionError(f"the notebook {file} cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise DefinitionError(_broken(file, error), hint=_MEND) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DefinitionError(
            f"{file} is not a notebook of version 4: {error!r}", hint=_MEND
        ) from error
    return "\n".join(_python(text) for text in texts) + "\n"


def _broken(file: Path, error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return f"{file} is no notebook: it is empty"
    if error.doc.rstrip().count("\n") < error.lineno:
        return f"{file} is no notebook: it breaks off in line {error.lineno}"
    return f"{file} is no notebook: line {error.lineno} is not as in JSON: {error.msg}"


def _refuse_others(file: Path, notebook: dict[str, Any]) -> None:
    """Refuses what is a notebook, but of an old form or of another language."""
    if "worksheets" in notebook:
        raise DefinitionError(
            f"{file} is a notebook of version {notebook.get('nbformat', 3)}; only version 4 is run",
            hint=f"Convert it: jupyter nbconvert --to notebook --inplace {file.name}",
        )
    told: dict[str, Any] = notebook.get("metadata", {})
    kernel, info = told.get("kernelspec", {}), told.get("language_info", {})
    language = kernel.get("language") or info.get("name") or "python"
    if language.lower() != "python":
        raise DefinitionError(
            f"{file} is a notebook of {language}; a step runs notebooks of Python",
            hint="Choose a Python kernel for it in Jupyter and save it; or call its language's own "
            "program from a step.",
        )


def _python(text: str) -> str:
    rows = [_row(row) for row in text.splitlines()]
    told = "\n".join(rows)
    return told if not text.startswith("%%") and is_python(told) else f"magic({text!r})"


def _row(row: str) -> str:
    stripped = row.lstrip()
    if not stripped.startswith(("%", "!", "?")):
        return row
    return f"{row[: len(row) - len(stripped)]}magic({stripped!r})"


def notebook_of(function: Any) -> Path | None:
    """The notebook that a function runs; None if it runs none."""
    file = getattr(function, "__dict__", {}).get(NOTEBOOK)
    return Path(file) if file is not None else None
