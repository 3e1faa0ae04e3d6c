"""Half of the load that it can carry, with a new version again and again. `make soak`: 10 minutes, every 5 s."""

import os
import time

from models.store.label_moves import roll_back
from tests.e2e.service.load import first_step_back, load

SOAK_S = float(os.environ.get("SOAK_S", "9"))
RELOAD_S = float(os.environ.get("RELOAD_S", "1"))
MEASURE_S = 2.0
MOST_GROWTH = 1.05
MOST_NEW_DESCRIPTORS = 4
"""Connections of the moment, and of the pages that are asked for to measure."""


def test_memory_and_descriptors_stay_where_they_are(serve, publish_next, store, order_for, wait_until) -> None:
    """From the first minute on (here: the first third) to the end."""
    history = [publish_next()]
    service = serve(ONEHOT_POLL_S="0.5")
    with load(order_for(service)) as running:
        time.sleep(MEASURE_S)
        full = running.stop()
    rate = len(full) / MEASURE_S / 2
    settle_s = min(60.0, SOAK_S / 3)
    measured: list[tuple[float, int, int]] = []
    with load(order_for(service, rate=rate)) as running:
        while (passed_s := time.monotonic() - running.started_s) < SOAK_S:
            if passed_s >= settle_s:
                measured.append((passed_s, service.memory_bytes(), service.descriptors()))
            history.append(publish_next() if len(history) % 4 else roll_back(store, "classic", by="a test").version)
            wait_until(lambda: service.default_version == history[-1], what=f"version {history[-1]} answers")
            time.sleep(max(0.0, running.started_s + passed_s + RELOAD_S - time.monotonic()))
        measured.append((SOAK_S, service.memory_bytes(), service.descriptors()))
        samples = running.stop()
    assert [one for one in samples if not one.is_right] == []
    assert first_step_back(samples, history) is None
    first, last = measured[: max(len(measured) // 5, 1)], measured[-max(len(measured) // 5, 1) :]
    growth = max(one[1] for one in last) / max(one[1] for one in first)
    print(
        f"{len(samples)} requests ({rate:.0f}/s), {len(history)} changes; memory from {first[0][1] / 1e6:.1f} to "
        f"{last[-1][1] / 1e6:.1f} MB ({growth:.3f} ×), descriptors from {first[0][2]} to {last[-1][2]}"
    )
    assert growth < MOST_GROWTH
    assert last[-1][2] - first[0][2] <= MOST_NEW_DESCRIPTORS
