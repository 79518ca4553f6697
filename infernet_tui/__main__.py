"""`python -m infernet_tui` is `infernet`."""

import sys

from infernet_tui.cli import main

sys.exit(main())
