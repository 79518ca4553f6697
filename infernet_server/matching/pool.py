"""A set of nodes that is also a list: adding and removing take constant time."""

from infernet_server.matching.node import Node


class NodePool:
    """Nodes in no particular order."""

    __slots__ = ("_places", "nodes")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        """Read only; changes with every `add` and `remove`."""
        self._places: dict[str, int] = {}

    def add(self, node: Node) -> None:
        """Add a node, once."""
        if node.provider_id not in self._places:
            self._places[node.provider_id] = len(self.nodes)
            self.nodes.append(node)

    def remove(self, node: Node) -> None:
        """Remove a node; the last one takes its place."""
        place = self._places.pop(node.provider_id)
        last = self.nodes.pop()
        if last is not node:
            self.nodes[place] = last
            self._places[last.provider_id] = place
