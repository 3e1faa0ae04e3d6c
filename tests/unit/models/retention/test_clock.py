import threading
from datetime import UTC, datetime, timedelta

from models.retention.clock import store_time


def test_the_store_tells_the_time_and_keeps_nothing(store, paths):
    """Also to several that ask at once."""
    times = []
    threads = [threading.Thread(target=lambda: times.append(store_time(store))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 4
    assert all(abs(time - datetime.now(UTC)) < timedelta(seconds=30) for time in times)
    assert paths("") == []
