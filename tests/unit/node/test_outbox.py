"""The log of an attempt: numbered, bounded, resumable."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from infernet_protocol.channel import MAX_UNACKNOWLEDGED_BYTES
from infernet_protocol.jobs import EventType
from infernet_tui.node.outbox import Outbox


def token(text: str = "x") -> dict[str, str]:
    return {"text": text}


async def test_events_are_numbered_from_one_and_taken_once() -> None:
    log = Outbox().open(("job", 1))
    for _ in range(5):
        log.append(EventType.TOKEN, token())
    assert (log.take_unsent(3)[0], len(log.take_unsent(3)[1])) == (1, 2)
    assert log.take_unsent(3) == (6, [])


async def test_what_is_acknowledged_is_forgotten_and_numbers_go_on() -> None:
    log = Outbox().open(("job", 1))
    for _ in range(4):
        log.append(EventType.TOKEN, token())
    log.take_unsent(10)
    log.acknowledge(3)
    log.rewind(3)
    assert [log.take_unsent(10)[0], log.last_seq] == [4, 4]
    log.append(EventType.TOKEN, token())
    assert log.take_unsent(10)[0] == 5


async def test_acknowledging_more_than_there_is_or_less_than_before_is_harmless() -> None:
    log = Outbox().open(("job", 1))
    log.append(EventType.TOKEN, token())
    log.acknowledge(99)
    log.acknowledge(0)
    assert (log.last_seq, log.unsent) == (1, 0)


async def test_a_full_log_makes_the_engine_wait_until_there_is_room() -> None:
    log = Outbox().open(("job", 1))
    while not log.is_full:
        log.append(EventType.TOKEN, token("x" * (MAX_UNACKNOWLEDGED_BYTES // 8)))
    waiting = asyncio.create_task(log.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    log.acknowledge(log.last_seq)
    await asyncio.wait_for(waiting, 1)


async def test_an_outbox_is_empty_once_all_is_settled() -> None:
    outbox = Outbox()
    outbox.open(("job", 1))
    outbox.add_command_result("c", {"status": "completed"})
    emptied = asyncio.create_task(outbox.emptied())
    outbox.settle(("job", 1))
    await asyncio.sleep(0)
    assert not emptied.done()
    outbox.delivered_command("c")
    await asyncio.wait_for(emptied, 1)


@given(
    st.lists(
        st.one_of(
            st.just("append"),
            st.tuples(st.just("take"), st.integers(1, 5)),
            st.tuples(st.just("ack"), st.integers(0, 5)),
            st.just("cut"),
        ),
        max_size=60,
    )
)
def test_a_server_that_keeps_its_own_count_gets_every_event_once(
    steps: list[str | tuple[str, int]],
) -> None:
    log = Outbox().open(("job", 1))
    stored: list[str] = []
    made = 0

    def deliver(limit: int) -> None:
        seq, events = log.take_unsent(limit)
        assert seq <= len(stored) + 1
        stored.extend(e["data"]["text"] for e in events[len(stored) + 1 - seq :])

    for step in steps:
        if step == "append":
            log.append(EventType.TOKEN, token(str(made)))
            made += 1
        elif step == "cut":
            log.rewind(len(stored))
        elif step[0] == "take":
            deliver(int(step[1]))
        else:
            log.acknowledge(min(int(step[1]), len(stored)))
    while log.unsent:
        deliver(3)
    assert stored == [str(number) for number in range(made)]
