"""Which tests one process runs, one after another, where several processes run tests (`pytest -n`).

The tests of a file stay together, and so do files that share what takes long to make: it is made
once. The longest begin first, so that no process has nothing left to do while another is at them.
xdist's own groups are marks, which pytest 9.2 no longer hands on; here they go by names.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

GROUPS = {
    # An engine, an environment, a set of runs. What takes longest stands first.
    "tests/examples/test_act.py": "act",
    "tests/conformance/test_airflow.py": "engines",
    "tests/conformance/test_kubeflow.py": "engines",
    "tests/targets/test_airflow": "engines",
    "tests/targets/test_kubeflow": "engines",
    "tests/conformance/test_container.py": "containers",
    "tests/containers/test_deploying.py": "deploying",
    "tests/containers/": "containers",
    "tests/examples/test_turns.py": "turns",
    "tests/conformance/test_ray.py": "ray",
    "tests/targets/test_ray": "ray",
    "tests/provenance/test_attacks.py": "attacks",
    # Each needs much memory, or both cores.
    "tests/examples/test_flights.py::test_an_edit": "heavy",
    "tests/examples/test_flights.py::test_the_whole": "heavy",
    "tests/examples/test_flights.py::test_too_few": "heavy",
    "tests/examples/test_flights.py::test_it_is_reproduced": "heavy",
    "tests/web/": "pages",
    "tests/proofs/": "proofs",
    "tests/cli/test_relay.py": "relay",
    "tests/cli/test_sharing.py": "sharing",
    "tests/cli/test_models.py": "models",
    "tests/provenance/test_mutations.py": "mutations",
    "tests/models/test_mlflow": "mlflow",
    "tests/tracking/": "mlflow",
    "tests/notebooks/": "notebooks",
    "tests/monitoring/": "monitoring",
    "tests/conformance/test_local.py": "local",
    "tests/cli/test_own_environments.py": "environments",
    "tests/serving/test_server.py": "servers",
    "tests/serving/app/": "application",
}
"""Groups, by how the names of their tests begin; of all others each file is a group."""

_FIRST = {group: place for place, group in enumerate(dict.fromkeys(GROUPS.values()))}


def group_of(nodeid: str) -> str:
    """The group of a test."""
    given = (group for start, group in GROUPS.items() if nodeid.startswith(start))
    return next(given, nodeid.partition("::")[0])


def place_of(nodeid: str) -> int:
    """Which group it is in the order of those that are named; the others come after them."""
    return _FIRST.get(group_of(nodeid), len(_FIRST))


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out whole groups, in the order of the tests."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        self.config.option.loadscopereorder = False  # it would go by the number of tests

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
