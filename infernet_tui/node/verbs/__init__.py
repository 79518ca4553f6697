"""The verbs of the node's socket, one module each.

A verb is an asynchronous generator of answers: one for a question, many for a subscription.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import IpcCommand
from infernet_tui.node.verbs import (
    chat,
    drain,
    hardware,
    history,
    info,
    jobs,
    models,
    payouts,
    peers,
    ping,
    shutdown,
    status,
    subscribe,
)

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

Verb = Callable[["Node", Any], AsyncGenerator[dict[str, Any], None]]

VERBS: Mapping[str, Verb] = {
    IpcCommand.PING: ping.answer,
    IpcCommand.STATUS: status.answer,
    IpcCommand.STATS: status.answer,
    IpcCommand.SUBSCRIBE: subscribe.answer,
    IpcCommand.SHUTDOWN: shutdown.answer,
    IpcCommand.DRAIN: drain.answer,
    IpcCommand.HARDWARE: hardware.answer,
    IpcCommand.HISTORY: history.answer,
    IpcCommand.HISTORY_LATEST: history.latest,
    IpcCommand.NODE_INFO: info.answer,
    IpcCommand.MODELS: models.models,
    IpcCommand.MODEL_PULL: models.pull,
    IpcCommand.MODEL_USE: models.use,
    IpcCommand.MODEL_REMOVE: models.remove,
    IpcCommand.MODEL_LOAD: models.load,
    IpcCommand.MODEL_UNLOAD: models.unload,
    IpcCommand.CHAT: chat.answer,
    IpcCommand.JOBS: jobs.jobs,
    IpcCommand.JOB: jobs.job,
    IpcCommand.JOB_FOLLOW: jobs.follow,
    IpcCommand.JOB_CANCEL: jobs.cancel,
    IpcCommand.JOB_EXPLAIN: jobs.explain,
    IpcCommand.PEERS: peers.peers,
    IpcCommand.PEER_PING: peers.ping_peer,
    IpcCommand.PAYOUTS: payouts.payouts,
    IpcCommand.PAYOUT_SET: payouts.set_payout,
    IpcCommand.PAYOUT_REMOVE: payouts.remove_payout,
    IpcCommand.PAYMENTS: payouts.payments,
    IpcCommand.EARNINGS: payouts.earnings,
}
