"""The Python client of Onehot: predict, train, follow, release."""
