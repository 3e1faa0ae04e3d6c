"""The online side: loaded versions, predictions over HTTP, jobs to the queue. No training framework."""

import os

# ONNX Runtime's wheels report to Microsoft unless they are told not to before they are imported. A service of ours
# sends nothing by itself; and the thread that does it does not survive a fork: workers would end with SIGABRT.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
