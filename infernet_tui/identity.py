"""This machine's identity: the key pair in `config.json` and the name that goes with it.

A new key always comes with a new node id: a control plane ties the two together for good, so an
old id with a new key would be refused on every later call.
"""

import secrets

from infernet_protocol.keys import InvalidKey, SecretKey
from infernet_tui.config import Config, NodeConfig, Secret
from infernet_tui.errors import ConfigError


def new_identity(role: str, name: str | None = None) -> NodeConfig:
    """Draw a key pair and a node id `<role>-<8 hex>`."""
    key = SecretKey.generate()
    node_id = f"{role}-{secrets.token_hex(4)}"
    return NodeConfig(
        node_id=node_id,
        role=role,
        name=name or node_id,
        public_key=key.public_hex,
        private_key=Secret(key.secret_hex),
    )


def secret_key(config: Config) -> SecretKey:
    """The key this node signs with.

    Raises:
        ConfigError: there is none, it is not a key, or it is not the public key's.
    """
    node = config.require_node()
    try:
        key = SecretKey.parse(node.private_key)
    except InvalidKey as error:
        raise ConfigError(
            f"`node.privateKey` is not usable: {error}.", hint="infernet init --force"
        ) from None
    if node.public_key and node.public_key.lower() != key.public_hex:
        raise ConfigError(
            "`node.publicKey` does not belong to `node.privateKey`.",
            hint="restore config.json from a backup, or make a new identity: infernet init --force",
        )
    return key
