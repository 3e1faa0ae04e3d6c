"""Request bytes to arrays: JSON numbers, CSV, npy and images."""
