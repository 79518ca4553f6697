"""`python -m infernet_server`: the control plane alone, on 127.0.0.1:8787."""

import logging

from infernet_server.serving import make_server
from infernet_server.settings import Settings

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    make_server(Settings(), host="127.0.0.1", port=8787).run()
