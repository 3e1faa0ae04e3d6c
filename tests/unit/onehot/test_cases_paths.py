"""A path is a path: what it looks like as a pattern means nothing."""

import subprocess
import time

import pytest
import redis

from onehot.local.server import claim_folder, prepare_server


@pytest.mark.parametrize("name", ["runs [old]", "what?", "a*b"])
def test_the_queue_server_starts_in_a_folder_that_looks_like_a_pattern(tmp_path, name) -> None:
    """Its configuration is found, and it answers."""
    claim_folder(tmp_path / name)
    server = prepare_server(tmp_path / name)
    process = subprocess.Popen(server.arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 20
        while True:
            try:
                with redis.Redis.from_url(server.url) as connection:
                    assert connection.ping()
                    break
            except redis.exceptions.ConnectionError:
                assert process.poll() is None
                assert time.monotonic() < deadline_s
                time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(60)
