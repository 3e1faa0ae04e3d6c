"""Live rows and predictions, counted into the bins of the training rows and compared with them."""
