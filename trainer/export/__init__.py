"""From a trained network to an ONNX graph that computes the same."""
