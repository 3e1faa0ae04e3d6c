"""One module for each command, or group of commands; `onehot.cli` loads only the one that is called."""
