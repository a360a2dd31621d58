"""Steps that speak to MLflow by themselves."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from windlass import each, pipeline, step


@step
def says(depth: int) -> int:
    import mlflow

    with mlflow.start_run():
        mlflow.log_param("in", "first")
    for further in range(2):
        with mlflow.start_run(run_name=f"further {further}"):
            mlflow.log_param("in", further)
    mlflow.log_metric("plain", depth)
    mlflow.log_text("said", "said.txt")
    return depth


@step
def fits(rows: int) -> float:
    import mlflow
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("another")
    mlflow.autolog(log_models=False, log_datasets=False)
    model = LogisticRegression(C=0.5).fit([[n] for n in range(rows)], [n % 2 for n in range(rows)])
    mlflow.log_metric("after", 1.0)
    mlflow.autolog(disable=True)
    return float(model.coef_[0, 0])


@step(retries=1)
def dies(folder: str) -> int:
    import mlflow

    mlflow.log_metric("tries", 1.0 + (Path(folder) / "died").exists(), step=1)
    if not (Path(folder) / "died").exists():
        (Path(folder) / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


@step
def silent() -> str:
    return os.environ.get("MLFLOW_RUN_ID", "")


@pipeline
def saying(folder: str) -> tuple[list[int], float, int, str]:
    return says.map(depth=each([3, 4])), fits(20), dies(folder), silent()


@step
def speaks(depth: int) -> int:
    import mlflow
    from sklearn.linear_model import LogisticRegression

    mlflow.autolog(log_models=False, log_datasets=False)
    LogisticRegression(C=0.5).fit([[0], [1]], [0, 1])
    return depth


@step
def says_one_thing(depth: int) -> int:
    import mlflow

    mlflow.log_metric("plain", depth)
    return depth


@pipeline
def speaking(depth: int = 3) -> int:
    return says_one_thing(speaks(depth))


@pipeline
def plainly(depth: int = 3) -> int:
    return says_one_thing(depth)
