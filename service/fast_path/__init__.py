"""Plain predictions, answered without Flask."""
