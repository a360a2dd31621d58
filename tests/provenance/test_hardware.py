"""What is read of processors and cards: of this machine, and of files as others have them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from windlass.provenance.hardware import graphics_facts, processor_facts
from windlass.provenance.machine import machine_facts

ARM = """processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes asimdhp sve bf16

processor\t: 1
Features\t: none
"""
CARD = """Model: \t\t NVIDIA H200
IRQ:   \t\t 42
Video BIOS: \t 96.00
"""


def test_of_an_arm_processor_its_features_are_told(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(ARM)
    assert processor_facts(tmp_path) == {
        "cpu": None,
        "cpu_features": ["asimd", "asimdhp", "bf16", "sve"],
    }


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="only Linux tells it in a file")
def test_of_this_processor_only_what_decides_numbers_is_told() -> None:
    facts = processor_facts()
    features = facts["cpu_features"]
    assert isinstance(features, list)
    assert features
    assert not {"fpu", "vme", "cpuid", "hypervisor"} & set(map(str, features))


@pytest.mark.parametrize("kernel", ["Open Kernel Module", "x86_64 Kernel Module"])
def test_cards_and_their_driver(tmp_path: Path, kernel: str) -> None:
    assert graphics_facts(tmp_path) == {"gpus": [], "gpu_driver": None}
    folder = tmp_path / "driver" / "nvidia"
    for number in range(2):
        (folder / "gpus" / f"0000:{number}").mkdir(parents=True)
        (folder / "gpus" / f"0000:{number}" / "information").write_text(CARD)
    (folder / "version").write_text(f"NVRM version: NVIDIA UNIX {kernel}  570.86.15  Release\n")
    assert graphics_facts(tmp_path) == {"gpus": ["NVIDIA H200"] * 2, "gpu_driver": "570.86.15"}


def test_the_time_zone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert machine_facts()["time_zone"] == "Asia/Tokyo"


def test_the_blas_that_numpy_brings_is_found() -> None:
    code = (
        "from windlass.provenance.hardware import blas_libraries as found\n"
        "before = found()\nimport numpy\nprint(len(before), len(found()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before == 0
    assert after > 0 or not Path("/proc/self/maps").exists()
