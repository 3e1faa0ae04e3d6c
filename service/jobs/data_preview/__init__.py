"""A bounded look at a job's data before the job is queued."""
