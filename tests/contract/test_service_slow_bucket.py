"""A service that begins on a bucket of very many versions, each request to which takes 15 ms.

`make bench-scale` measures 1 000 models of 100 versions; so does this with BUCKET_MODELS=1000 BUCKET_VERSIONS=100.
"""

import json
import os
import time

from tests.contract.live import live
from tests.slow_bucket import URL, slow_bucket

MODELS = int(os.environ.get("BUCKET_MODELS", "20"))
VERSIONS = int(os.environ.get("BUCKET_VERSIONS", "40"))
FIRST_S = 10.0 if MODELS >= 1000 else 60.0
"""A figure of the long form alone, which runs by itself: in the short one, all that there is takes a few seconds."""
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]


def test_the_first_prediction_does_not_wait_for_all_that_was_ever_published(tmp_path, wait_until):
    """Of the model that is asked for, whatever its name; the others are loaded meanwhile, and then all is known."""
    body, model = json.dumps({"instances": [ROW]}).encode(), f"m-{MODELS // 2:05}"
    with slow_bucket(models=MODELS, versions=VERSIONS, delay_ms=15) as environment:
        began_s = time.monotonic()
        settings = {"ONEHOT_CACHE": str(tmp_path / "cache"), "ONEHOT_POLL_S": "1", "ONEHOT_LOG_LEVEL": "warning"}
        with live(URL, tmp_path, is_ready=False, **environment, **settings) as service:
            path = f"/v1/models/{model}:predict"
            answer = wait_until(lambda: service.answers("POST", path, body), deadline_s=FIRST_S)
            first_s = time.monotonic() - began_s
            wait_until(service.is_ready, deadline_s=600)
            ready_s = time.monotonic() - began_s
            status = f"/v1/models/{model}"
            wait_until(lambda: len(service.ask("GET", status).json["model_version_status"]) == VERSIONS, deadline_s=120)
    known_s = time.monotonic() - began_s
    print(f"{MODELS} models, {VERSIONS} versions: first prediction after {first_s:.1f} s, ready after {ready_s:.1f} s, "
          f"all versions known after {known_s:.1f} s")  # fmt: skip
    assert answer.headers["x-onehot-model-version"] == str(VERSIONS)
    assert first_s < FIRST_S
