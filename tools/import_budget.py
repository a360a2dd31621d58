"""What importing Windlass may load and cost: the budget of invariant 2.

Modules are counted, not seconds, since seconds are the machine's and a count is ours. The seconds
are printed beside, and measured as ratios by ``make bench``.
"""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    *("sqlalchemy", "alembic", "pydantic", "fsspec", "typer", "rich", "asyncio", "jinja2"),
    *("numpy", "pandas", "pyarrow", "polars", "sklearn", "skops", "matplotlib", "altair"),
    *("xgboost", "lightgbm", "catboost", "torch", "onnx", "keras", "PIL", "plotly", "soundfile"),
    *("datasets", "pandera", "onnxruntime"),
    *("uvicorn", "starlette", "ray", "kfp", "airflow", "mlflow", "multiprocessing"),
)

BUDGETS = {
    "import windlass": 12,
    "from windlass import each, either, pipeline, step": 140,
    "import windlass.cli": 20,
}
"""The most modules, beyond a bare interpreter's, that a statement may load."""

_PROBE = """
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded(statement: str) -> list[str]:
    """The modules that a statement loads in a new interpreter."""
    code = _PROBE.format(statement=statement)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(told.stdout)
    return found


def main() -> int:
    """Prints the budget; returns 1 if it is broken."""
    broken = 0
    for statement, most in BUDGETS.items():
        modules = loaded(statement)
        heavy = sorted({name.partition(".")[0] for name in modules} & set(HEAVY))
        over = len(modules) > most
        broken |= over or bool(heavy)
        told = f"loads {', '.join(heavy)}" if heavy else "OVER" if over else "kept"
        print(f"{statement:52} {len(modules):4} of {most:4} modules  {told}")
    return broken


if __name__ == "__main__":
    sys.exit(main())
