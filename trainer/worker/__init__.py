"""The RQ worker: takes trainings from the queue, one at a time."""
