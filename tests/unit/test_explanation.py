"""The sentences about a job's way, from documents as the control plane makes them."""

from typing import Any

from infernet_tui.explanation import sentences


def candidate(name: str, score: float, *reasons: str) -> dict[str, Any]:
    return {"provider_id": f"id-{name}", "node_id": f"provider-{name}", "name": name,
            "score": score, "reasons": list(reasons)}  # fmt: skip


def attempt(**changes: Any) -> dict[str, Any]:
    decision = {
        "provider_id": "id-a",
        "serving": 4,
        "free": 2,
        "rejected": {"busy": 3, "does not serve the model": 1},
        "candidates": [candidate("a", 30), candidate("b", 10), candidate("c", 0, "busy")],
    }
    fields = {"number": 1, "node_id": "provider-a", "name": "a", "is_self": True,
              "state": "completed", "tokens": 42, "decision": decision}  # fmt: skip
    return fields | changes


def test_it_says_why_this_node_and_why_not_the_others() -> None:
    assert sentences({"attempts": [attempt()]}) == [
        "Attempt 1 went to this node; it was completed, after 42 tokens.",
        "It was drawn among 2 free nodes, in proportion to their scores; "
        "its own is 30, a chance of 75 %.",
        "b (provider-b) was free too, with a score of 10.",
        "c (provider-c) was not considered: busy.",
        "2 more nodes were not considered: busy.",
        "1 node was not considered: does not serve the model.",
    ]


def test_no_chance_is_claimed_when_not_all_free_nodes_are_named() -> None:
    decision = attempt()["decision"] | {"free": 20}
    assert "chance" not in sentences({"attempts": [attempt(decision=decision)]})[1]


def test_what_is_missing_is_said_and_nothing_raises() -> None:
    assert sentences({}) == sentences({"attempts": "?"}) == []
    odd = attempt(decision=None, is_self=False, name=None, node_id=None, state="new", tokens=None)
    assert sentences({"attempts": [odd]}) == [
        "Attempt 1 went to a node that is not known any more; new, after 0 tokens.",
        "Why attempt 1 went there was not kept.",
    ]
    odd = attempt(decision={"candidates": [{"score": "x"}, 5], "rejected": [], "free": None})
    assert sentences({"attempts": [odd]})[1] == "No node was free."
