from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from windlass.provenance import distributions
from windlass.provenance.environment import Environment, capture_environment


def install(site: Path, name: str, version: str, direct: dict[str, Any] | None = None) -> Path:
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("")
    if direct is not None:
        (info / "direct_url.json").write_text(json.dumps(direct))
    return info


def captured(*sites: Path, root: Path | None = None, cache: Path | None = None) -> Environment:
    return capture_environment(root, cache, path=[str(site) for site in sites])


def versions(*sites: Path) -> list[tuple[str, str]]:
    return [(each.name, each.version) for each in captured(*sites).packages]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "venv" / "lib" / "site-packages"
    install(site, "numpy", "1.26.4")
    install(site, "Ruamel.Yaml_clib", "0.2.8")
    (site / "numpy").mkdir()
    (site / "distutils-precedence.pth").touch()
    return site


def test_names_are_normalised_and_sorted(site: Path) -> None:
    assert versions(site) == [("numpy", "1.26.4"), ("ruamel-yaml-clib", "0.2.8")]


def test_what_is_installed_meanwhile_is_seen(site: Path) -> None:
    tool = site / "tool.egg-info"
    tool.mkdir()
    (tool / "PKG-INFO").write_text("Version: 1.0\n")
    os.utime(site, (1, 1))  # as if nothing had been done there for long
    before = versions(site)
    assert before[-1] == ("tool", "1.0")
    listed = distributions._listed.cache_info()
    assert versions(site) == before
    assert distributions._listed.cache_info().hits == listed.hits + 1  # it was not looked through
    (tool / "PKG-INFO").write_text("Version: 2.0\n")  # which leaves the folder as it was
    assert versions(site)[-1] == ("tool", "2.0")
    install(site, "scipy", "1.11")
    assert ("scipy", "1.11") in versions(site)


def test_versions_with_local_parts_are_whole(site: Path) -> None:
    install(site, "torch", "2.3.0+cu121")
    assert ("torch", "2.3.0+cu121") in versions(site)


def test_the_first_on_the_path_wins(site: Path, tmp_path: Path) -> None:
    install(tmp_path / "user", "NumPy", "2.0.0")
    assert dict(versions(tmp_path / "user", site))["numpy"] == "2.0.0"
    assert dict(versions(site, tmp_path / "user"))["numpy"] == "1.26.4"


def test_eggs_of_debian_and_develop_are_read(site: Path, tmp_path: Path) -> None:
    debian = tmp_path / "dist-packages"
    debian.mkdir()
    (debian / "PyYAML-6.0.1-py3.11.egg-info").write_text("Version: 6.0.1\n")
    (debian / "six-1.16.0.egg-info").mkdir()
    assert versions(debian) == [("pyyaml", "6.0.1"), ("six", "1.16.0")]
    source = tmp_path / "developed"
    (source / "tool.egg-info").mkdir(parents=True)
    (source / "tool.egg-info" / "PKG-INFO").write_text("Name: tool\nVersion: 3.1\n")
    (source / "tool.py").write_text("x = 1")
    before = captured(site, source)
    assert before.packages[-1][:2] == ("tool", "3.1")
    assert before.packages[-1].source is not None
    (source / "tool.py").write_text("x = 2")
    assert captured(site, source).digest != before.digest


def test_leftovers_and_folders_that_are_gone_do_not_count(site: Path, tmp_path: Path) -> None:
    before = captured(site)
    install(site, "~umpy", "1.0")
    (site / "broken.egg-info").mkdir()
    assert captured(site, tmp_path / "gone", site / "distutils-precedence.pth") == before


def test_it_is_the_same_in_another_place(site: Path, tmp_path: Path) -> None:
    project = tmp_path / "work" / "tool"
    add_editable(site, project)
    before = captured(site)
    moved = tmp_path / "elsewhere"
    shutil.copytree(site, moved / "site-packages")
    shutil.rmtree(moved / "site-packages" / "tool-1.0.dist-info")
    shutil.copytree(project, moved / "a b" / "tool")
    add_editable(moved / "site-packages", moved / "a b" / "tool")
    after = captured(moved / "site-packages")
    assert after == before
    assert after.document() == before.document()
    assert str(tmp_path) not in before.document()


def add_editable(site: Path, project: Path) -> None:
    (project / "tool").mkdir(parents=True, exist_ok=True)
    (project / "tool" / "__init__.py").write_text("x = 1")
    (project / "tool" / "data.json").write_text("{}")
    install(site, "tool", "1.0", {"url": project.as_uri(), "dir_info": {"editable": True}})


def test_an_editable_installation_is_told_by_its_sources(site: Path, tmp_path: Path) -> None:
    project, cache = tmp_path / "tool", tmp_path / "cache"
    add_editable(site, project)
    seen = {captured(site, cache=cache).digest}
    (project / "tool" / "__pycache__").mkdir()
    (project / "tool" / "__pycache__" / "x.pyc").touch()
    assert {captured(site, cache=cache).digest} == seen
    for file, text in [("__init__.py", "x = 2"), ("data.json", "[]"), ("new.py", "")]:
        (project / "tool" / file).write_text(text)
        seen.add(captured(site, cache=cache).digest)
    (project / "tool" / "new.py").rename(project / "tool" / "other.py")
    seen.add(captured(site, cache=cache).digest)
    assert len(seen) == 5


def test_of_an_editable_installation_only_what_can_be_imported_counts(
    site: Path, tmp_path: Path
) -> None:
    project = tmp_path / "tool"
    add_editable(site, project / "src")
    shutil.rmtree(site / "tool-1.0.dist-info")
    direct = {"url": project.as_uri(), "dir_info": {"editable": True}}
    info = install(site, "tool", "1.0", direct)
    (site / "_tool.pth").write_text(f"{project}/src\nimport os\n")
    (info / "RECORD").write_text("_tool.pth,sha256=x,3\ntool-1.0.dist-info/METADATA,,\n")
    before = captured(site)
    (project / "notes.md").write_text("n")
    assert captured(site) == before
    (project / "src" / "tool" / "__init__.py").write_text("x = 2")
    assert captured(site) != before


def test_the_project_itself_is_told_of_by_its_bundle(site: Path, tmp_path: Path) -> None:
    project = tmp_path / "tool"
    add_editable(site, project)
    before = captured(site, root=project)
    (project / "tool" / "__init__.py").write_text("x = 2")
    assert captured(site, root=project) == before
    assert before.packages[-1].source == {"kind": "editable"}
    (project / "tool.egg-info").mkdir()
    (project / "tool.egg-info" / "PKG-INFO").write_text("Name: tool\nVersion: 0.9\n")
    assert captured(project, site, root=project) == before


def test_vcs_installations_are_told_by_their_commit(site: Path) -> None:
    def direct(commit: str, user: str = "") -> dict[str, Any]:
        facts = {"vcs": "git", "commit_id": commit, "requested_revision": "main"}
        return {"url": f"https://{user}example.org/x.git", "vcs_info": facts}

    info = install(site, "x", "1.0", direct("a" * 40, "user:hunter2@"))
    before = captured(site)
    assert before.packages[-1].source == {
        "kind": "vcs",
        "commit": "a" * 40,
        "url": "https://example.org/x.git",
    }
    assert "hunter2" not in before.document()
    (info / "direct_url.json").write_text(json.dumps(direct("a" * 40)))
    assert captured(site) == before
    (info / "direct_url.json").write_text(json.dumps(direct("b" * 40)))
    assert captured(site).digest != before.digest


def test_archives_are_told_by_their_hash(site: Path) -> None:
    for name, facts in {"x": {"hash": "sha256=ab"}, "y": {"hashes": {"sha256": "ab"}}}.items():
        url = f"https://u:p@example.org/{name}.whl?token=t"
        install(site, name, "1.0", {"url": url, "archive_info": facts})
    found = captured(site)
    assert [each.source for each in found.packages[-2:]] == [
        {"kind": "archive", "hash": "sha256=ab", "url": f"https://example.org/{name}.whl"}
        for name in "xy"
    ]


@pytest.mark.parametrize("direct", [{"url": "file:///home/me/x", "dir_info": {}}, [], {"url": 3}])
def test_local_installations_are_told_by_what_was_installed(site: Path, direct: Any) -> None:
    info = install(site, "x", "1.0", direct)
    record = "../../bin/x,sha256=shebang,1\nx.py,sha256=aa,2\nx-1.0.dist-info/RECORD,,\n"
    (info / "RECORD").write_text(record)
    before = captured(site)
    assert "/home/me" not in before.document()
    (info / "RECORD").write_text("x.py,sha256=aa,2\n../../bin/x,sha256=other,1\n")
    assert captured(site) == before
    (info / "RECORD").write_text("x.py,sha256=bb,2\n")
    assert captured(site) != before


def test_any_version_counts(site: Path) -> None:
    before = captured(site)
    (site / "numpy-1.26.4.dist-info").rename(site / "numpy-1.26.5.dist-info")
    after = captured(site)
    assert after.digest != before.digest
    assert after.versions()["numpy"] == "1.26.5"


def test_it_finds_what_importlib_metadata_finds() -> None:
    import importlib.metadata as metadata

    from windlass.provenance.distributions import normalised

    expected: dict[str, str] = {}
    for each in metadata.distributions():
        if each.metadata is not None and each.metadata["Name"]:
            expected.setdefault(normalised(each.metadata["Name"]), each.version)
    found = {each.name: each.version for each in capture_environment().packages}
    assert found == expected


_PRINT = (
    "import sys, pathlib; from windlass.provenance.environment import capture_environment as c;"
    "e = c(path=[sys.argv[1]]); print(e.digest, e.document())"
)


def test_it_is_the_same_with_another_hash_seed(site: Path, tmp_path: Path) -> None:
    add_editable(site, tmp_path / "tool")
    printed = {
        subprocess.run(
            [sys.executable, "-c", _PRINT, str(site)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_nothing_heavy_is_imported_for_it() -> None:
    code = (
        "import sys, windlass.provenance.capture;"
        "print({'importlib.metadata', 'asyncio', 'pydantic', 'urllib.request',"
        " 'tempfile', 'numpy', 'sqlalchemy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
