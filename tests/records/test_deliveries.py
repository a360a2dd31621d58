"""What trackers were told, and what they are owed, on SQLite and PostgreSQL."""

from __future__ import annotations

import time
from dataclasses import replace

from windlass.records import Records
from windlass.records.deliveries import ALIAS, MOST_TRIES, NODE, REPORT, RUN, VERSION
from windlass.records.model import Run, RunParameter
from windlass.records.models import Move, NewVersion

from .making import new_run

TRACKER = "mlflow:http://there"


def begun(records: Records, tracker: str | None = TRACKER) -> Run:
    return records.create_run(replace(new_run(), tracker=tracker))


def owed(records: Records, kind: str = RUN) -> list[str]:
    return [each.subject for each in records.due(TRACKER, kind)]


def test_a_run_is_owed_from_its_beginning_until_it_was_told_whole(records: Records) -> None:
    run = begun(records)
    begun(records, None)
    assert owed(records) == [run.id]
    assert records.due("another", RUN) == []
    records.note_delivered(TRACKER, NODE, f"{run.id}/train[2]", "d1")
    assert records.delivered_nodes(TRACKER, run.id) == {"train[2]": "d1"}
    records.finish_run(run.id, "succeeded", None)
    ended = records.run_by_id(run.id)
    records.settle_run(TRACKER, ended, "d2")
    assert owed(records) == []
    assert records.delivered_nodes(TRACKER, run.id) == {}
    assert [each["state"] for each in records.deliveries_of(run.id)] == ["delivered"]


def test_what_changes_a_run_after_its_end_makes_it_owed_again(records: Records) -> None:
    run = begun(records)
    records.finish_run(run.id, "failed", "no")
    for change in (
        lambda: records.tag_run(run.id, {"kept": "yes"}),
        lambda: records.untag_run(run.id, ["kept"]),
        lambda: records.claim_run(
            records.run_by_id(run.id), records.run_by_id(run.id), [RunParameter("x", 1)]
        ),
    ):
        records.settle_run(TRACKER, records.run_by_id(run.id), "d")
        assert owed(records) == []
        change()
        assert owed(records) == [run.id]


def test_a_run_that_went_on_meanwhile_is_not_settled(records: Records) -> None:
    run = begun(records)
    records.finish_run(run.id, "failed", "no")
    seen = records.run_by_id(run.id)
    records.claim_run(seen, seen)
    records.settle_run(TRACKER, seen, "d")
    assert owed(records) == [run.id]


def test_what_is_refused_is_tried_a_few_times_and_again_when_asked(records: Records) -> None:
    run = begun(records)
    for _ in range(MOST_TRIES):
        assert owed(records) == [run.id]
        records.note_refused(TRACKER, RUN, run.id, None, "no\0")
    assert owed(records) == []
    (told,) = records.undelivered()
    assert (told.state, told.count, told.error) == ("refused", 1, "no\\x00")
    records.forgive(TRACKER)
    assert owed(records) == [run.id]


def test_models_are_owed_where_nothing_says_that_they_were_told(records: Records) -> None:
    records.register(NewVersion("toy", "c1"), [])
    records.register(NewVersion("toy", "c2"), [])
    assert owed(records, VERSION) == ["toy@1", "toy@2"]
    records.note_delivered(TRACKER, VERSION, "toy@1", "c1")
    assert owed(records, VERSION) == ["toy@2"]
    report = records.save_report(records.version("toy", 1), "pass", {})
    assert owed(records, REPORT) == [report.id]
    records.note_delivered(TRACKER, REPORT, report.id, report.id)
    assert owed(records, REPORT) == []
    for old, new in ((None, 1), (1, 2), (2, None)):
        move = records.move_alias(Move("toy", "champion", old, new, "ada", "set"))
        assert move is not None
        (due,) = records.due(TRACKER, ALIAS)
        assert (due.model, due.alias, due.number, due.move) == ("toy", "champion", new, move.id)
        records.note_delivered(TRACKER, ALIAS, due.subject, str(due.move))
        assert owed(records, ALIAS) == []


def test_one_process_tells_a_tracker_until_it_lets_go_or_its_time_is_over(
    records: Records,
) -> None:
    assert records.hold_tracker(TRACKER, "a", 30)
    assert records.hold_tracker(TRACKER, "a", 30), "it may go on"
    assert not records.hold_tracker(TRACKER, "b", 30)
    assert records.hold_tracker("another", "b", 30)
    records.let_tracker_go(TRACKER, "b")
    assert not records.hold_tracker(TRACKER, "b", 30), "only who holds it lets it go"
    records.let_tracker_go(TRACKER, "a")
    assert records.hold_tracker(TRACKER, "b", 0.01)
    time.sleep(0.05)
    assert records.hold_tracker(TRACKER, "a", 30)


def test_of_a_run_that_is_gone_nothing_is_owed(records: Records) -> None:
    run, other = begun(records), begun(records)
    with records.write():
        records.forget_deliveries(run.id)
    assert owed(records) == [other.id]
