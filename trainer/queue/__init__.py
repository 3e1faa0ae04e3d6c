"""The trainer's side of the queue: attempts, connection and a job's progress."""
