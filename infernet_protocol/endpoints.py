"""Every HTTP route both sides know, by name, with the tier that guards it.

Two tiers are never mixed: a `SIGNED` route verifies X-Infernet-Auth and nothing else does.
"""

from enum import StrEnum


class Tier(StrEnum):
    """How a route knows who is calling. A route accepts exactly one kind."""

    PUBLIC = "public"
    """Anyone; limited by address where it costs something."""
    SIGNED = "signed"
    """An X-Infernet-Auth envelope (BIP-340)."""


NODE_PREFIX = "/api/v1/node"
REGISTER = f"{NODE_PREFIX}/register"
HEARTBEAT = f"{NODE_PREFIX}/heartbeat"
ME = f"{NODE_PREFIX}/me"
REMOVE = f"{NODE_PREFIX}/remove"
JOBS_POLL = f"{NODE_PREFIX}/jobs/poll"
JOB_EVENTS = f"{NODE_PREFIX}/jobs/{{job_id}}/events"
JOB_COMPLETE = f"{NODE_PREFIX}/jobs/{{job_id}}/complete"
JOB_EXPLAIN = f"{NODE_PREFIX}/jobs/{{job_id}}/explain"
COMMANDS_POLL = f"{NODE_PREFIX}/commands/poll"
COMMAND_COMPLETE = f"{NODE_PREFIX}/commands/{{command_id}}/complete"
PAYMENTS_LIST = f"{NODE_PREFIX}/payments/list"
PAYOUTS_LIST = f"{NODE_PREFIX}/payouts/list"
PAYOUTS_SET = f"{NODE_PREFIX}/payouts/set"
PAYOUTS_REMOVE = f"{NODE_PREFIX}/payouts/remove"
EARNINGS = f"{NODE_PREFIX}/earnings"
CHANNEL = f"{NODE_PREFIX}/channel"

CHAT = "/api/chat"
CHAT_STREAM = "/api/chat/stream/{job_id}"
CHAT_STATUS = "/api/chat/{job_id}/status"
JOBS_SUBMIT = "/api/jobs/submit"
JOB = "/api/jobs/{job_id}"
PEERS = "/api/peers"
HEALTH = "/api/health"
OVERVIEW = "/api/overview"
PROBE = "/api/probe"
OPENAI_CHAT = "/v1/chat/completions"
OPENAI_MODELS = "/v1/models"
