"""`windlass reproduce`: what repeats is proved equal; what does not is caught at the right step."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.program import Folder, wait_until
from cli.terminal import COLUMNS, on_terminal


def reproduced(project: Folder, run: str, *more: str, code: int) -> dict[str, Any]:
    return project.document("reproduce", run, "--here", *more, code=code)


def statuses(proof: dict[str, Any]) -> dict[str, str]:
    return {node["node"]: node["status"] for node in proof["nodes"]}


def ran(project: Folder, pipeline: str, *more: str, code: int = 0) -> None:
    done = project.windlass("run", f"proved.py:{pipeline}", *more)
    assert done.code == code, done


def test_a_run_that_repeats_is_equal_and_the_verdict_stands_with_it(project: Folder) -> None:
    ran(project, "whole")
    proof = reproduced(project, "whole-1", code=0)
    assert proof["verdict"] == "equal"
    assert statuses(proof) == {
        **dict.fromkeys(("load", "split", "draw[0]", "draw[1]", "add", "is_large"), "equal"),
        "tell": "equal",
        "refuse": "skipped",
    }
    assert {output["name"] for output in proof["nodes"][1]["outputs"]} == {"low", "high"}
    assert project.recorded() == 1  # what was run again is no run of the project
    shown = project.document("show", "whole-1")["proof"]
    assert (shown["verdict"], shown["environment"], shown["proofs"]) == ("equal", "present", 1)
    assert "reproduced  equal: in the present environment" in project.windlass("show", "whole").out


def test_the_equal_items_of_a_map_are_told_in_one_line(project: Folder) -> None:
    ran(project, "whole")
    told = project.windlass("reproduce", "whole", "--here").out
    assert re.search(r"draw +✓ equal +all 2 items", told)
    assert re.search(r"refuse +- skipped +not taken by", told)


def test_randomness_is_caught_at_its_step_and_its_line_is_named(project: Folder) -> None:
    ran(project, "by_chance")
    proof = reproduced(project, "by_chance", code=1)
    assert proof["verdict"] == "different"
    assert proof["first"] == "jittered"
    (cause,) = proof["causes"]  # none for what only has it from there
    assert (cause["node"], cause["kind"]) == ("jittered", "randomness")
    assert cause["findings"] == ["proved_helpers.py:11: random.Random() without a seed"]
    told = project.windlass("reproduce", "by_chance", "--here")
    assert told.code == 1
    assert "by_chance-1 is different: 'jittered' is the first step that diverged" in told.out
    assert re.search(r"double +✗ different  its inputs differ *\n +by up to \d", told.out)
    assert project.document("show", "by_chance")["proof"]["proofs"] == 2


def test_the_clock_is_caught_at_its_step(project: Folder) -> None:
    ran(project, "by_clock")
    proof = reproduced(project, "by_clock", code=1)
    assert statuses(proof) == {"clocked": "different", "draw": "equal", "double": "equal"}
    (cause,) = proof["causes"]
    assert (cause["node"], cause["kind"]) == ("clocked", "clock")
    assert cause["findings"] == ["proved_helpers.py:15: time.time()"]
    (output,) = proof["nodes"][0]["outputs"]
    assert 0 < output["absolute"] < 1000
    assert 0 < output["relative"] < 1


def test_an_edited_data_file_is_named_before_anything_is_run(project: Folder) -> None:
    ran(project, "whole")
    ran(project, "constant")
    (project.root / "data.csv").write_text("1\n2\n4\n")
    proof = reproduced(project, "whole-1", code=1)
    assert proof["verdict"] == "different"
    assert proof["reason"] == "data.csv, parameter 'file' of 'load', was changed since"
    assert proof["nodes"] == []
    assert (
        "data.csv, parameter 'file' of 'load'" in reproduced(project, "constant", code=1)["reason"]
    )
    (project.root / "data.csv").unlink()
    assert "'load', is gone" in reproduced(project, "whole-1", code=1)["reason"]


def test_a_data_file_of_the_bundle_is_taken_from_there(project: Folder) -> None:
    (project.root / "table.txt").write_text("1\n2\n3\n")
    ran(project, "whole", "-p", "file=table.txt")
    (project.root / "table.txt").write_text("7\n")
    proof = reproduced(project, "whole", code=0)
    (note,) = proof["notes"]
    assert note.startswith("table.txt, parameter 'file' of 'load', was changed since")
    assert proof["outside"][0]["status"] == "bundled"


def test_files_are_found_from_where_the_run_was_started(project: Folder) -> None:
    inner = project.root / "inner"
    inner.mkdir()
    shutil.move(project.root / "data.csv", project.root.parent / "data.csv")
    place = Folder(inner)
    done = place.windlass("run", "../proved.py:whole", "-p", "file=../../data.csv")
    assert done.code == 0, done
    assert place.windlass("reproduce", "whole", "--here").code == 0
    assert project.windlass("reproduce", "whole", "--here").code == 0


def test_declared_files_and_variables_are_looked_at(project: Folder) -> None:
    (project.root / "rules.csv").write_text("none")
    place = Folder(project.root, {"REGION": "north"})
    ran(place, "declaring")
    assert reproduced(place, "declaring", code=0)["verdict"] == "equal"
    proof = reproduced(project, "declaring", code=1)
    assert proof["reason"] == "variable REGION of 'declared', was changed since"
    (project.root / "rules.csv").write_text("some")
    assert reproduced(place, "declaring", code=1)["reason"].startswith("rules.csv of 'declared'")


def test_a_file_that_is_in_no_bundle_and_not_declared_is_missed_and_what_to_do_is_told(
    project: Folder,
) -> None:
    (project.root / "rules.csv").write_text("none")
    ran(project, "not_declaring")
    proof = reproduced(project, "not_declaring", code=3)
    assert proof["nodes"][0]["told"].startswith("it failed now: FileNotFoundError")
    assert "@step(files=[…])" in proof["hint"]


def test_what_the_cache_gave_is_made_again_and_compared(project: Folder) -> None:
    ran(project, "whole")
    ran(project, "whole")
    assert reproduced(project, "whole-2", code=0)["verdict"] == "equal"


def test_of_a_run_that_was_lost_what_had_ended_is_compared(project: Folder) -> None:
    gate = project.root / "gate"
    with project.started("run", "proved.py:waiting", "-p", f"file={gate}") as process:
        wait_until(Path(f"{gate}.waits").exists)
        worker = worker_of(project, "wait")
        process.kill()
    wait_until(lambda: not psutil.pid_exists(worker))  # it must not see the gate open
    gate.touch()
    proof = reproduced(project, "waiting", code=3)
    assert statuses(proof) == {"draw": "equal", "wait": "not comparable"}


def test_code_that_was_changed_since_matters_not(project: Folder) -> None:
    ran(project, "whole")
    code = (project.root / "proved.py").read_text()
    (project.root / "proved.py").write_text(code.replace("numbers[:1]", "numbers[:2]"))
    (project.root / "proved_helpers.py").unlink()
    assert reproduced(project, "whole", code=0)["verdict"] == "equal"


def test_a_file_that_no_record_tells_is_named_as_the_cause(project: Folder) -> None:
    rates = project.root.parent / "rates.txt"
    rates.write_text("one")
    code = (project.root / "proved_helpers.py").read_text()
    (project.root / "proved_helpers.py").write_text(code.replace("../rates.txt", str(rates)))
    ran(project, "by_rates")
    proof = reproduced(project, "by_rates", code=0)
    assert proof["seen"] == [
        {"node": "rated", "kind": "read", "what": str(rates), "place": "proved_helpers.py:23"}
    ]
    rates.write_text("two")
    proof = reproduced(project, "by_rates", code=1)
    (cause,) = proof["causes"]
    assert cause["kind"] == "unrecorded"
    assert cause["findings"][0].startswith(f"reads {rates} (proved_helpers.py:23), changed on ")
    (output,) = proof["nodes"][0]["outputs"]
    assert output["told"] == "'one' → 'two'"


def test_processes_connections_and_reads_are_seen_and_nothing_else(project: Folder) -> None:
    ran(project, "seen")
    seen = reproduced(project, "seen", code=0)["seen"]
    assert {(each["kind"], each["what"]) for each in seen} == {
        ("process", "true"),
        ("connection", "127.0.0.1:9"),
        ("read", "/"),
    }
    assert all(each["place"].startswith("proved.py:") for each in seen)
    told = project.windlass("reproduce", "seen", "--here").out
    assert "What no record tells, and the proof does not cover" in told
    assert "busy starts true (proved.py:" in told


def test_what_rests_on_the_time_zone_is_laid_to_the_environment(project: Folder) -> None:
    ran(Folder(project.root, {"TZ": "Asia/Tokyo"}), "by_zone")
    proof = reproduced(Folder(project.root, {"TZ": "UTC"}), "by_zone", code=1)
    (cause,) = proof["causes"]
    assert cause["kind"] == "environment"
    assert "TZ: Asia/Tokyo → UTC" in cause["findings"]


def recorded_on(project: Folder, **facts: str) -> None:
    """Lets the record say that all runs were made on another machine."""
    with closing(sqlite3.connect(project.root / ".windlass" / "windlass.db")) as connection:
        ((details,),) = connection.execute("SELECT details FROM runs").fetchall()
        document = json.loads(details)
        document["machine"].update(facts)
        connection.execute("UPDATE runs SET details = ?", [json.dumps(document)])
        connection.commit()


def test_a_run_of_another_platform_is_compared_and_the_platform_is_named(project: Folder) -> None:
    mac = {"system": "Darwin", "architecture": "arm64", "cpu": "Apple M4"}
    ran(Folder(project.root, {"LAST_BITS": "1e-12"}), "by_machine")
    recorded_on(project, **mac)
    proof = reproduced(project, "by_machine", code=1)
    assert (proof["verdict"], proof["first"]) == ("within tolerance", "by_arithmetic")
    (cause,) = proof["causes"]
    assert (cause["node"], cause["kind"]) == ("by_arithmetic", "environment")
    for name, then in mac.items():
        assert any(line.startswith(f"{name}: {then} → ") for line in cause["findings"])
    assert "--tolerance" in cause["hint"]
    assert reproduced(project, "by_machine", "--tolerance", "1e-9", code=0)["surroundings"]


def test_small_differences_pass_only_where_they_are_allowed(project: Folder) -> None:
    ran(project, "nearly")
    proof = reproduced(project, "nearly", code=1)
    assert proof["verdict"] == "within tolerance"
    assert 0 < proof["nodes"][0]["outputs"][0]["relative"] < 1e-9
    assert reproduced(project, "nearly", "--tolerance", "1e-9", code=0)["tolerance"] == 1e-9
    assert reproduced(project, "nearly", "--tolerance", "0", code=1)["verdict"] == "different"


def test_an_editable_project_s_modules_are_those_of_the_bundle(project: Folder) -> None:
    source = project.root / "src"
    source.mkdir()
    module = source / "inner_words.py"
    module.write_text("WORD = 'then'")
    (project.root / "wordy.py").write_text(
        "from windlass import pipeline, step\nimport inner_words\n\n"
        "@step\ndef word() -> str:\n    return inner_words.WORD\n\n"
        "@pipeline\ndef words() -> str:\n    return word()\n"
    )
    place = Folder(project.root, {"PYTHONPATH": str(source)})  # as its .pth file does
    done = place.windlass("run", "wordy.py")
    assert done.code == 0, done
    module.write_text("WORD = 'now'")
    assert reproduced(place, "words", code=0)["verdict"] == "equal"
    assert reproduced(project, "words", code=0)["verdict"] == "equal"


def test_of_a_run_that_failed_what_succeeded_is_compared(project: Folder) -> None:
    ran(project, "half", "--keep-going", code=1)
    proof = reproduced(project, "half", code=3)
    assert proof["verdict"] == "inconclusive"
    assert statuses(proof) == {"broken": "not comparable", "draw": "equal", "double": "equal"}
    assert proof["nodes"][0]["told"].startswith("it failed then, and does now: ValueError")
    told = project.windlass("reproduce", "half", "--here").out
    assert "1 of 3 nodes cannot be compared; the others are equal" in told


def test_pickles_that_differ_are_not_comparable(project: Folder) -> None:
    ran(project, "pickled")
    proof = reproduced(project, "pickled", code=3)
    assert proof["nodes"][0]["outputs"][0]["told"].startswith("pickled")


def test_what_rests_on_its_company_is_told(project: Folder) -> None:
    ran(project, "leaks", "--fresh")
    proof = reproduced(project, "leaks", code=1)
    (cause,) = proof["causes"]
    assert (cause["node"], cause["kind"]) == ("leaking", "company")


def test_a_run_that_goes_on_is_refused(project: Folder) -> None:
    file = project.root / "gate"
    with project.started("run", "proved.py:waiting", "-p", f"file={file}") as process:
        wait_until(Path(f"{file}.waits").exists)
        assert "waiting-1 is still running" in project.refused("reproduce", "waiting", "--here")
        file.touch()
        process.communicate()


def worker_of(project: Folder, node: str) -> int:
    with closing(sqlite3.connect(project.root / ".windlass" / "windlass.db")) as connection:
        query = "SELECT worker FROM attempts WHERE node = ?"
        ((worker,),) = connection.execute(query, [node]).fetchall()
    return int(json.loads(worker)["pid"])


def archive_of(project: Folder) -> Path:
    with closing(sqlite3.connect(project.root / ".windlass" / "windlass.db")) as connection:
        ((blob,),) = connection.execute("SELECT blob FROM bundles").fetchall()
    return project.root / ".windlass" / "artifacts" / str(blob)[:2] / str(blob)


@pytest.mark.parametrize("damage", ["gone", "altered", "never kept"])
def test_code_that_cannot_be_unpacked_is_taken_from_the_project_if_it_is_the_same(
    project: Folder, damage: str
) -> None:
    ran(project, "by_zone")
    archive = archive_of(project)
    archive.chmod(0o644)
    if damage == "gone":
        archive.unlink()
    elif damage == "altered":
        archive.write_bytes(archive.read_bytes()[:-1000])
    else:
        with closing(sqlite3.connect(project.root / ".windlass" / "windlass.db")) as connection:
            connection.execute("UPDATE bundles SET blob = NULL")
            connection.commit()
    proof = reproduced(project, "by_zone", code=0)
    assert proof["notes"][0].endswith("the project's folder holds the same code, and was taken")
    (project.root / "proved_helpers.py").unlink()
    proof = reproduced(project, "by_zone", code=3)
    assert proof["verdict"] == "inconclusive"
    assert "the code of by_zone-1 is not to be had" in proof["reason"]
    assert "Bring the code back" in proof["hint"]


def test_nothing_is_left_behind_also_when_it_is_killed_in_the_middle(
    project: Folder, tmp_path: Path
) -> None:
    place = tmp_path / "scratch"
    place.mkdir()
    gate = project.root / "gate"
    gate.touch()
    ran(project, "waiting", "-p", f"file={gate}")
    gate.unlink()
    Path(f"{gate}.waits").unlink()
    folder = Folder(project.root, {"TMPDIR": str(place)})
    with folder.started("reproduce", "waiting", "--here") as process:
        wait_until(Path(f"{gate}.waits").exists)
        process.send_signal(2)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert list(place.iterdir()) == []
    assert project.document("show", "waiting")["proof"] is None


def test_on_a_terminal_no_line_is_too_wide_and_no_word_is_broken(project: Folder) -> None:
    ran(project, "by_chance")
    with on_terminal(project, "reproduce", "by_chance", "--here") as terminal:
        assert terminal.end() == 1
    lines = [line.rstrip() for line in terminal.lines]
    assert max(map(len, lines)) <= COLUMNS
    assert any(line.startswith("jittered  ✗ different  by up to ") for line in lines)
    assert "  proved_helpers.py:11: random.Random() without a seed" in lines


def test_a_run_of_a_notebook_s_cells_is_reproduced_without_the_notebook(project: Folder) -> None:
    kernels = pytest.importorskip("notebooks.kernels", exc_type=ImportError)
    notebook = kernels.Kernel(project.root)
    try:
        notebook("import time\nfrom windlass import pipeline, step")
        notebook("@step\ndef one(n: int) -> int:\n    return n + 1")
        notebook("@step\ndef late(n: int) -> float:\n    return n + time.time() % 1000")
        notebook("@pipeline\ndef celled(n: int = 1) -> float:\n    return late(one(n))")
        assert notebook("celled.run().status") == "'succeeded'"
    finally:
        notebook.close()
    proof = reproduced(project, "celled", code=1)
    assert statuses(proof) == {"one": "equal", "late": "different"}
    (cause,) = proof["causes"]
    assert cause["kind"] == "clock"
    assert cause["findings"] == ["In [3], line 3: time.time()"]
