"""The offline side: trains Keras Sequential networks and publishes them. Importing it loads no framework."""

import os

# ONNX Runtime's wheels report to Microsoft unless that is turned off before they are imported, from a thread that
# does not survive the fork of a work-horse.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
