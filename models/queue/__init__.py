"""The job queue's names and events, shared by the service and the trainer."""
