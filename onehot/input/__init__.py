"""The INPUT of `onehot predict`: a file, a table, pictures or standard input, as the bodies of requests."""
