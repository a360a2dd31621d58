"""Why a step made something else than what is recorded, though it was given the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import NotFoundError
from windlass.execution.watching import CONNECTION, PROCESS, READ, Event
from windlass.provenance.chance import CLOCK, ORDER, RANDOM, Chance, find_chance
from windlass.provenance.fingerprint import Fingerprint, read_fingerprint
from windlass.words import time_text

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.pipeline.graph import Node

ENVIRONMENT, UNRECORDED, COMPANY, UNEXPLAINED = "environment", "unrecorded", "company", "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a step diverged.

    Args:
        node: The step's node.
        kind: ``clock``, ``randomness``, ``order``, ``environment``, ``unrecorded`` (it reads what
            no record tells), ``company`` (what ran before it in its process) or ``unknown``.
        text: In a sentence.
        findings: What points to it, each in a line.
        hint: What to do about it.
    """

    node: str
    kind: str
    text: str
    findings: tuple[str, ...] = ()
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a node that diverged.

    Args:
        node: Its name.
        then: The contents of its outputs, by name, as recorded.
        now: Those when all was run again.
        alone: Those of two more runs of it alone, in fresh processes; fewer where these failed.
        chances: Calls in its code that give another value each time.
        events: What it was seen to do that no record tells.
        own: How the packages and the Python that its code rests on differ.
        machine: How the machine and the rest of the environment differ.
        recorded: When the run was recorded.
    """

    node: str
    then: Mapping[str, str]
    now: Mapping[str, str]
    alone: Sequence[Mapping[str, str]]
    chances: Sequence[Chance] = ()
    events: Sequence[Event] = ()
    own: Sequence[str] = ()
    machine: Sequence[str] = ()
    recorded: float = 0.0


def cause_of(found: Evidence) -> Cause:
    """The likeliest cause of a divergence, with what points to it."""
    if any(each != found.now for each in found.alone):
        return _of_company(found) if _gives_the_record(found) else _of_chance(found)
    for judge in (_of_packages, _of_clock, _of_reads, _of_machine):
        cause = judge(found)
        if cause is not None:
            return cause
    return Cause(
        found.node,
        UNEXPLAINED,
        "it makes the same each time now, and something else than what is recorded; neither "
        "the environment nor the code shows why",
        hint="Look at what it reads natively, and at what the first run was given by hand.",
    )


def _gives_the_record(found: Evidence) -> bool:
    return len(found.alone) > 1 and all(each == found.then for each in found.alone)


def _of_company(found: Evidence) -> Cause:
    return Cause(
        found.node,
        COMPANY,
        "alone in a fresh process it makes what is recorded: it rests on what ran before it in "
        "its process",
        hint="Look for a global that a step changes; windlass run --fresh gives each its process.",
    )


def _of_chance(found: Evidence) -> Cause:
    kinds = {chance.kind for chance in found.chances}
    kind = next((each for each in (RANDOM, CLOCK, ORDER) if each in kinds), None)
    if kinds >= {RANDOM, CLOCK}:
        kind = RANDOM
    text = "run again alone, it makes something else each time"
    if kind is None:
        other = _lines_of_events(found)
        hint = "Threads, the order of a set of objects, or native code can do that."
        return Cause(found.node, RANDOM, f"chance: {text}", tuple(other), hint)
    findings = tuple(str(chance) for chance in found.chances)
    return Cause(found.node, kind, f"{_WORDS[kind]}: {text}", findings, _HINTS[kind])


_WORDS = {RANDOM: "randomness", CLOCK: "the clock", ORDER: "order"}
_HINTS = {
    RANDOM: "Give the generator a seed, or draw from Python's or numpy's own, which are seeded.",
    CLOCK: "Make the time a parameter of the pipeline.",
    ORDER: "Sort what the file system or several threads give.",
}


def _of_packages(found: Evidence) -> Cause | None:
    if not found.own:
        return None
    text = "environment: it makes the same each time, and what its code rests on is another"
    hint = "Leave --here out: the recorded environment is built then."
    return Cause(found.node, ENVIRONMENT, text, tuple(found.own), hint)


def _of_clock(found: Evidence) -> Cause | None:
    chances = [chance for chance in found.chances if chance.kind != ORDER]
    if not chances:
        return None
    kind = CLOCK if any(chance.kind == CLOCK for chance in chances) else RANDOM
    text = f"{_WORDS[kind]}: it makes the same now, and its code asks for what changes"
    return Cause(found.node, kind, text, tuple(map(str, chances)), _HINTS[kind])


def _of_reads(found: Evidence) -> Cause | None:
    lines = _lines_of_events(found)
    if not lines:
        return None
    text = "an unrecorded read: it makes the same now, and reads what no record tells"
    hint = "Give it the file as a parameter of type Path, or declare it: @step(files=[…])."
    return Cause(found.node, UNRECORDED, text, tuple(lines), hint)


def _of_machine(found: Evidence) -> Cause | None:
    if not found.machine:
        return None
    text = "environment: it makes the same each time here, and where it was recorded differs"
    hint = "Make these as they were. If only last digits differ, allow for that: --tolerance 1e-9"
    return Cause(found.node, ENVIRONMENT, text, tuple(found.machine), hint)


def _lines_of_events(found: Evidence) -> list[str]:
    return [event_text(event, found.recorded) for event in found.events]


def event_text(event: Event, recorded: float | None = None) -> str:
    """What a step was seen to do, in words."""
    verb = {READ: "reads", CONNECTION: "connects to", PROCESS: "starts"}[event.kind]
    place = f" ({event.place})" if event.place else ""
    return f"{verb} {event.what}{place}{_changed(event, recorded)}"


def _changed(event: Event, recorded: float | None) -> str:
    if event.kind != READ or recorded is None:
        return ""
    try:
        when = Path(event.what).stat().st_mtime
    except OSError:
        return ""
    return f", changed on {time_text(when)}, after the run" if when > recorded else ""


def chances_of(job: Job, node: Node, code: Path) -> list[Chance]:
    """Calls in the code that a node's step can reach that give another value each time.

    Args:
        job: The recorded run.
        node: The node.
        code: The project's code as it was.
    """
    fingerprint = fingerprint_of(job, node)
    if fingerprint is None:
        return []
    return find_chance(fingerprint.pieces, code, seeded=job.plan.settings(node).seeded)


def fingerprint_of(job: Job, node: Node) -> Fingerprint | None:
    """The code that a node's step can reach; None where no record tells."""
    code = job.plan.code_of(node)
    try:
        return read_fingerprint(json.loads(job.stores.records.fingerprint(code))) if code else None
    except NotFoundError:
        return None
