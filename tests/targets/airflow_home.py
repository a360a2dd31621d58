"""An Airflow of the tests' own."""

from __future__ import annotations

from engines import AIRFLOW, engine_python
from windlass.targets.airflow.engine import Airflow, find_airflow


def installed_airflow() -> Airflow:
    """Airflow, with nothing of ours; the test is skipped where it cannot be installed."""
    return find_airflow(str(engine_python("airflow", AIRFLOW)))
