"""What the application knows, and how old it is."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infernet_tui.demo import DemoNode
from infernet_tui.node.transports import InProcessTransport
from infernet_tui.store import HISTORY, JOBS, NODE, Store
from infernet_tui.views.hardware import HardwareView
from infernet_tui.views.job import JobBook, JobView
from infernet_tui.views.model import ModelsView
from infernet_tui.views.money import EarningsView
from infernet_tui.views.node import NodeView
from infernet_tui.views.peer import PeersView

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


async def answer(verb: str, payload: Any = None) -> Any:
    transport = InProcessTransport(DemoNode(clock=lambda: 1.795e9))
    return (await transport.request({"cmd": verb, "payload": payload or {}}))["data"]


@given(JSON)
def test_no_answer_of_a_node_is_an_error_here(raw: Any) -> None:
    for view in (NodeView, HardwareView, ModelsView, EarningsView, PeersView, JobView):
        view.parse(raw)
    store = Store()
    for topic in (NODE, JOBS, HISTORY):
        store.apply(topic, raw)


async def test_the_newest_second_is_appended_to_the_history_and_missed_ones_are_gaps() -> None:
    store = Store()
    store.apply(HISTORY, await answer("history", {"window": "10m"}))
    newest = await answer("history.latest")
    before = list(store.history.values("tokens_per_second"))
    later = newest | {"at": "2026-11-18T11:06:43.000Z", "tokens_per_second": 7.5}
    store.apply(HISTORY, later)
    after = store.history.values("tokens_per_second")
    assert len(after) == len(before) == 600
    assert after[-1] == 7.5
    store.apply(HISTORY, later)
    assert store.history.values("tokens_per_second") == after


def job(sequence: int, state: str = "running", tokens: int = 0) -> JobView:
    return JobView.parse(
        {"id": f"job-{sequence}", "attempt": 1, "state": state, "sequence": sequence,
         "tokens": tokens}
    )  # fmt: skip


def test_a_job_that_changed_keeps_its_place_among_the_others() -> None:
    book = JobBook()
    book.add([job(1), job(2), job(3)])
    assert [each.sequence for each in book.newest()] == [3, 2, 1]
    assert book.add([job(2, "completed", 9)])
    assert not book.add([job(2, "completed", 9)])
    assert [(each.sequence, each.tokens) for each in book.newest()] == [(3, 0), (2, 9), (1, 0)]


def test_a_node_that_was_started_anew_has_other_jobs() -> None:
    store = Store()
    state = {"startedAt": "2026-11-25T10:00:00Z", "jobs": [{"id": "a", "sequence": 1}]}
    store.apply(NODE, state)
    assert len(store.jobs) == 1
    store.apply(NODE, {"startedAt": "2026-11-25T11:00:00Z", "jobs": []})
    assert len(store.jobs) == 0


def test_an_answer_is_stale_after_three_of_its_intervals() -> None:
    now = [0.0]
    store = Store(timer=lambda: now[0])
    store.apply(NODE, {})
    now[0] = 5.9
    assert not store.is_stale(NODE, 2.0)
    now[0] = 6.1
    assert store.is_stale(NODE, 2.0)


def test_strangers_words_are_harmless_once_they_are_read() -> None:
    peers = PeersView.parse(
        {"peers": [{"pubkey": "a", "name": "x\x1b]52;c;aGk=\x07[/]\u202e" * 900}]}
    )
    name = peers.peers[0].name
    assert name is not None
    assert len(name) <= 512
    assert not {"\x1b", "\x07", "\u202e"} & set(name)
