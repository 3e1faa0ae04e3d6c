"""What the commands ask: a store itself, or a service that tells of it."""
