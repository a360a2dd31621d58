"""Reports of models, and of one version."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from windlass.errors import ConfigError, NotFoundError
from windlass.records import Records
from windlass.web.reports.report import make_report
from windlass.web.site import Site, open_sites

from .project import run_windlass


@pytest.fixture(scope="module")
def site(made: Path) -> Site:
    return open_sites([made]).all[0]


def test_a_model_is_told_with_all_evidence(site: Site) -> None:
    told = make_report(site, "delay")
    assert (told.kind, told.name) == ("model", "delay")
    for part in (
        *("For the desk at &lt;JFK&gt;", "History of its aliases", "forced: &lt;i&gt;to see"),
        *("Release tests", "weather", "row 2, &lt;b&gt;a storm&lt;/b&gt;: on time, not late"),
        *("Infrastructure", "Model card", "it was late"),
    ):
        assert part in told.html, part
    champion, newest = told.html.index("delay@1 "), told.html.index("delay@2 ")
    assert newest < champion  # both, the newest one first
    assert 'class="stands"' in told.html
    assert "ago</time>" not in told.html


def test_of_one_version_no_other_is_told(site: Site) -> None:
    told = make_report(site, "delay@champion")
    assert told.name == "delay@1"
    assert "a storm" not in told.html
    assert make_report(site, "delay@2").html.count('<h2 id="part-') == 1


def test_the_runs_of_two_versions_are_compared(root: Path) -> None:
    assert "runs compared" not in make_report(open_sites([root]).all[0], "mean").html
    run_windlass(root, "run", "flow.py", "-p", "rows=6", "--in-process")
    told = make_report(open_sites([root]).all[0], "mean").html
    assert "2 runs compared" in told
    assert "What differs, from training-1 to training-2" in told
    assert "<form" not in told


@pytest.mark.parametrize("named", ["delay@9", "delay@nobody", "delaz"])
def test_what_is_not_there_is_refused(site: Site, named: str) -> None:
    with pytest.raises(NotFoundError):
        make_report(site, named)
    with pytest.raises(ConfigError, match="names no version"):
        make_report(site, "delay@")


def test_a_name_with_two_meanings_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    models = site.stores().records.models()
    alike = [dataclasses.replace(models[0], name="training")]
    monkeypatch.setattr(Records, "models", lambda _: alike)
    with pytest.raises(ConfigError, match="'training' is a model and a pipeline") as error:
        make_report(site, "training")
    assert error.value.hint == "Say training@newest for the model, training-1 for the run."
