"""`python -m service`: reads the settings, puts the service together, runs it until it is told to stop.

Exit status: 0 told to stop, 1 it could not start, 2 wrong usage or settings.
"""

import gc
import sys

from service.gevent_internals import patch_standard_library
from service.server.monkey_patching import load_structlog


def main() -> int:
    """Patch what blocks, before anything else is imported; then start."""
    gc.disable()  # of what is imported nearly everything stays
    patch_standard_library()
    load_structlog()
    from service.startup import start  # noqa: PLC0415 -- after the patch

    return start(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
