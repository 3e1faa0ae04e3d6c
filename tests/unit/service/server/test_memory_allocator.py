import os
import subprocess
import sys

# Frees what a large body needs, again and again, and counts the pages that the kernel had to clear for it.
FAULTS = """
import resource, sys
from service.server.memory_allocator import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def body():
    pieces = [bytes(1024 * 1024) for _ in range(12)]
for _ in range(3):
    body()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    body()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(kept: str, **environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, kept], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_memory_of_one_body_serves_the_next():
    assert faults("kept") < faults("handed back") / 10


def test_what_the_environment_says_is_left_alone(monkeypatch):
    from service.server.memory_allocator import keep_freed_memory

    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")

    assert not keep_freed_memory()
