"""Predictions: the ONNX session, its preprocessing, and dynamic batching."""
