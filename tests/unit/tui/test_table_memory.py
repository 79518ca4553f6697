"""What was chosen for tables: the file and the memory never lose each other's."""

import json

from infernet_tui import table_memory
from infernet_tui.table_memory import TableMemory
from infernet_tui.widgets.table import TableState


def test_what_is_chosen_before_the_file_was_read_wins_and_loses_nothing() -> None:
    memory = TableMemory()
    memory.remember("jobs/jobs", TableState(filter="new"))
    memory.adopt({"jobs/jobs": {"filter": "old"}, "peers/peers": {"filter": "kept"}})
    memory.prepare()
    memory.write()
    kept = json.loads(table_memory.state_file().read_text())["tables"]
    assert {name: each["filter"] for name, each in kept.items()} == {
        "jobs/jobs": "new", "peers/peers": "kept",
    }  # fmt: skip
    assert table_memory.read() == kept


def test_whichever_thread_writes_last_writes_the_newest() -> None:
    memory = TableMemory()
    memory.prepare()
    memory.remember("jobs/jobs", TableState(wide=True))
    memory.prepare()
    memory.write()
    memory.write()
    assert table_memory.read()["jobs/jobs"]["wide"] is True
