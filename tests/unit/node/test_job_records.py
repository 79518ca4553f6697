"""The node's memory of its jobs, and the figures it draws from tokens."""

from infernet_tui.node.job_records import JobRecord, JobRecords
from infernet_tui.node.token_rate import TokenRate


def test_the_oldest_makes_room_and_counts_stay_true() -> None:
    records = JobRecords(limit=3)
    kept = [JobRecord(f"job-{number}", 1, None) for number in range(5)]
    for record in kept:
        records.add(record)
    assert [record.job_id for record in records.newest()] == ["job-4", "job-3", "job-2"]
    assert records.find("job-0") is None
    records.ended(kept[0], "completed")  # forgotten while it ran: counts for nothing
    records.ended(kept[4], "failed")
    assert (records.counts["running"], records.counts["failed"]) == (2, 1)
    assert records.counts["completed"] == 0
    assert [record.sequence for record in records.newest(before=4)] == [3]
    assert list(records.newest(before=1)) == []
    assert len(list(records.newest(before=10**9))) == 3


def test_a_job_that_comes_again_is_found_by_its_newest_attempt() -> None:
    records = JobRecords()
    first, second = JobRecord("job", 1, None), JobRecord("job", 2, None)
    records.add(first)
    records.add(second)
    assert records.find("job") is records.find("job", 2) is second
    assert records.find("job", 1) is None


def test_a_long_job_has_few_notes() -> None:
    record = JobRecord("job", 1, "m", first_token_at=0.0, next_note_at=1.0)
    for second in range(24 * 3600):
        record.tokens += 50
        if second >= record.next_note_at:
            record.note_tokens(second, 0.0)
    assert 10 < len(record.notes) < 25
    assert "tok/s" in record.notes[-1].detail


def test_speed_is_not_claimed_before_it_is_known() -> None:
    record = JobRecord("job", 1, "m")
    assert record.speed(5.0) is None
    record.first_token_at, record.tokens = 1.0, 1
    assert record.speed(5.0) is None
    record.tokens = 9
    assert record.speed(1.001) is None
    assert record.speed(5.0) == 2.0


def test_tokens_a_second_rise_and_fall_with_the_last_two_seconds() -> None:
    rate = TokenRate()
    assert rate.per_second(1000.0) == 0.0
    for step in range(200):
        rate.count(1000.0 + step / 50)  # 50 a second, for four seconds
    assert 48 <= rate.per_second(1003.99) <= 50
    assert 20 <= rate.per_second(1004.99) <= 30
    assert rate.per_second(1006.5) == 0.0
    assert rate.per_second(1_000_000.0) == 0.0
