"""The Open Inference Protocol V2 as a pure codec; its choices are written down in `docs/inference-protocol.md`."""
