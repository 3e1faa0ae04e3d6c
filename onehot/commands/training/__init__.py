"""Commands about trainings: from a spec to a version, and what came of it."""
