import json
import subprocess
import sys

PATCHED = """
import json, sys
from importlib import metadata

asked = []
entry_points = metadata.entry_points
metadata.entry_points = lambda **wanted: (asked.append(wanted), entry_points(**wanted))[1]
from gevent import events
told = []
events.subscribers.append(lambda event: told.append(type(event).__name__))
from service.gevent_internals import patch_standard_library
from service.server.monkey_patching import load_structlog
patch_standard_library()
load_structlog()
import socket, structlog
import rich
print(json.dumps({
    "asked": len(asked), "told": told, "socket": socket.socket.__module__, "drawn with": structlog.dev.rich is not None,
    "asks again": events.notify_and_call_entry_points.__name__,
}))
"""


def run(script):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_standard_library_is_patched_without_a_look_at_every_package() -> None:
    """Who subscribed is told as always; and rich is there when it is wanted later."""
    seen = run(PATCHED)
    assert seen["asked"] == 0
    assert {"GeventWillPatchAllEvent", "GeventDidPatchAllEvent"} <= set(seen["told"])
    assert seen["socket"] == "gevent._socket3"
    assert not seen["drawn with"]
    assert seen["asks again"] == "notify_and_call_entry_points"
