"""What an Infernet node and a control plane must agree on.

No I/O, no clock, no framework: pydantic and coincurve only. Wire code exists once, here;
`wire.md` of the existing network is the contract these modules write down.
"""

PROTOCOL_VERSION = 1
"""Version of the node channel (`hello.protocol`). HTTP routes carry theirs in the path."""
