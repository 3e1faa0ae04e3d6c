"""A publisher in a process of its own: `python publish.py PLACE MODEL JOB…` publishes a version for each job."""

import sys

from models.store.store import Store
from tests.conftest import _draft


def main(place: str, model: str, *jobs: str) -> None:
    """Publish, and print the numbers."""
    store = Store.open(place)
    for job in jobs:
        manifest, files = _draft(model, job_id=job)
        print(store.publish(manifest, files).version)


if __name__ == "__main__":
    main(*sys.argv[1:])
