"""Which tests one process runs, one after another, where several processes run tests (`pytest -n`).

xdist's own groups are marks, which pytest 9.2 no longer hands on; here they go by names.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

GROUPS = {
    # They share what takes long to make: an engine, an environment, a set of runs.
    "tests/conformance/test_container.py": "containers",
    "tests/containers/test_deploying.py": "deploying",
    "tests/containers/": "containers",
    "tests/conformance/test_ray.py": "ray",
    "tests/targets/test_ray": "ray",
    "tests/conformance/test_airflow.py": "engines",
    "tests/conformance/test_kubeflow.py": "engines",
    "tests/targets/test_airflow": "engines",
    "tests/targets/test_kubeflow": "engines",
    "tests/cli/test_differing.py": "differing",
    "tests/provenance/test_attacks.py": "attacks",
    "tests/provenance/test_mutations.py": "mutations",
    "tests/examples/test_turns.py": "turns",
    "tests/examples/test_act.py": "act",
    "tests/serving/test_server.py": "servers",
    "tests/serving/app/test_clients.py": "clients",
    "tests/serving/app/test_schemathesis.py": "clients",
    "tests/monitoring/turning/test_turn.py": "turning",
    "tests/models/test_conversion.py": "conversion",
    "tests/models/test_mlflow": "mlflow",
    "tests/tracking/test_mlflow": "mlflow",
    "tests/web/test_browser.py": "pages",
    "tests/web/test_http.py": "pages",
    "tests/web/test_views.py": "pages",
    # It takes long and would be the last of all, while the other process had nothing left to do.
    "tests/web/test_walk.py": "pages",
    # Each needs much memory, or both cores.
    "tests/examples/test_flights.py::test_an_edit": "heavy",
    "tests/examples/test_flights.py::test_the_whole": "heavy",
    "tests/examples/test_flights.py::test_too_few": "heavy",
    "tests/examples/test_flights.py::test_it_is_reproduced": "heavy",
}
"""Groups, by how the names of their tests begin; every other test is a group of its own."""


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out whole groups, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for start, group in GROUPS.items() if nodeid.startswith(start)), nodeid)
