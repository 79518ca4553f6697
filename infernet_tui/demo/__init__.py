"""A node that is not there: `infernet tui --demo`, and the states that tests look at.

`DemoNode` answers every message of the node's socket with data that fit together. All of it is a
function of the clock and the seed that it is given; nothing is measured, stored or sent.
"""

from infernet_tui.demo.node import DemoNode
from infernet_tui.demo.scenarios import SCENARIOS, Scenario

__all__ = ["SCENARIOS", "DemoNode", "Scenario"]
