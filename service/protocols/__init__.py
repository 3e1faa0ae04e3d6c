"""The public wire formats: TensorFlow Serving's and the Open Inference Protocol."""
