"""What a step writes is kept, from wherever it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from windlass.execution.tail import Tail

_WRITER = """
import ctypes, logging, subprocess, sys
from pathlib import Path
from windlass.execution import capture
capture.open_streams()
print("before")
with capture.captured(Path(sys.argv[1])):
    capture.show_logging()
    print("from Python")
    ctypes.CDLL(None).puts(b"from C")
    subprocess.run(["echo", "from a child"])
    print("error", file=sys.stderr)
    logging.getLogger("step").info("logged")
    print("\\udcff lone surrogate")
print("after")
"""


def test_python_c_and_children_are_captured(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "a.log"
    told = subprocess.run(
        [sys.executable, "-c", _WRITER, str(log)], capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == ["before", "after"]
    text = log.read_text()
    for part in ("from Python", "from C", "from a child", "error", "INFO step: logged", "lone"):
        assert part in text


def test_what_was_written_before_a_kill_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    code = (
        "import os, sys; from pathlib import Path; from windlass.execution import capture\n"
        "capture.open_streams()\n"
        "with capture.captured(Path(sys.argv[1])):\n"
        "    print('last words'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(log)], check=False)
    assert done.returncode == -9
    assert log.read_text() == "last words\n"


def test_a_tail_follows_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    tail = Tail(path)
    assert tail.read() == ""
    path.write_bytes("né".encode()[:2])  # a character that is not whole yet
    assert tail.read() == "n"
    with path.open("ab") as file:
        file.write("né".encode()[2:] + b" more\n")
    assert tail.read() == "é more\n"
    assert tail.read() == ""


def test_a_tail_of_a_flood_gives_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    tail = Tail(path)
    path.write_bytes(b"before\n" + b"x" * (3 << 20) + b"\n" + b"after\n" * (1 << 17))
    told, *lines = tail.read().splitlines()
    left_out = path.stat().st_size - sum(len(line) + 1 for line in lines)
    assert told == f"[{left_out:,} bytes are left out here]"
    assert lines == ["after"] * len(lines)
    assert 0 < len(lines) <= 1 << 17
    with path.open("a") as file:
        file.write("and on\n")
    assert tail.read() == "and on\n"


def test_a_tail_of_one_endless_line_gives_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * (3 << 20) + b"end")
    told, line = Tail(path).read().splitlines()
    assert told == f"[{(2 << 20) + 3:,} bytes are left out here]"
    assert len(line) == 1 << 20
    assert line.endswith("xend")
