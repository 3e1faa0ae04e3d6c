from pathlib import Path

import pytest

from service.registry.memory_budget import MB, PEAK_BYTES, PEAK_FACTOR, Memory


@pytest.fixture
def system(tmp_path) -> Path:
    """A machine with 1 000 MB, of which 700 are free."""
    write(
        tmp_path / "proc/meminfo", "MemTotal: 1000000 kB\nMemFree: 1 kB\nMemAvailable: 700000 kB\nHugePages_Total: 0\n"
    )
    write(tmp_path / "proc/self/status", "Name:\tpython\nRssAnon:\t   50000 kB\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def free_bytes(memory: Memory, processes: int = 2) -> float:
    """The largest graph that one process may load, in bytes of memory."""
    low, high = 0, 2**40
    while high - low > 1:
        middle = (low + high) // 2
        refused = memory.budget(processes=processes).take(middle, processes=1)
        low, high = (low, middle) if refused else (middle, high)
    return low * PEAK_FACTOR + PEAK_BYTES


def test_a_part_of_the_machine_stays_free(system) -> None:
    """For requests."""
    assert free_bytes(Memory(system=system)) == pytest.approx((700_000 - 50_000) * 1024, rel=1e-3)


@pytest.mark.parametrize(
    ("line", "folder", "names"),
    [
        ("0::/pod/container", "sys/fs/cgroup/pod/container", ("memory.max", "memory.current", "inactive_file")),
        ("0::/pod/container", "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")),
        (
            "4:memory:/pod", "sys/fs/cgroup/memory/pod",
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ),
    ],
)  # fmt: skip
def test_a_control_group_has_less_than_the_machine(system, line, folder, names) -> None:
    """Both versions; what the kernel can drop at once counts as free."""
    limit, usage, reclaimable = names
    write(system / "proc/self/cgroup", f"7:cpu:/x\n{line}\n")
    write(system / folder / limit, f"{500 * MB}\n")
    write(system / folder / usage, f"{400 * MB}\n")
    write(system / folder / "memory.stat", f"anon 1\n{reclaimable} {100 * MB}\n")
    assert free_bytes(Memory(system=system)) == pytest.approx(175 * MB, rel=1e-3)


def test_a_group_without_a_limit_is_the_machine(system) -> None:
    """`max` is no number."""
    write(system / "proc/self/cgroup", "0::/\n")
    write(system / "sys/fs/cgroup/memory.max", "max\n")
    assert free_bytes(Memory(system=system)) == pytest.approx((700_000 - 50_000) * 1024, rel=1e-3)


def test_a_limit_of_our_own_counts_all_processes(system) -> None:
    """Each is taken to be as large as this one."""
    assert free_bytes(Memory(300 * MB, system)) == pytest.approx(285 * MB - 2 * 50_000 * 1024, rel=1e-3)


def test_what_was_set_aside_is_not_given_twice(system) -> None:
    """And the refusal has its numbers in it."""
    budget = Memory(300 * MB, system).budget(processes=1)
    assert budget.take(20 * MB, processes=2) is None
    reason = budget.take(20 * MB, processes=2)
    assert reason is not None
    assert "about 137 MB (2 processes), and 97 MB are free" in reason
    assert budget.take(20 * MB, processes=0) is None


def test_a_system_that_says_nothing_refuses_nothing(tmp_path) -> None:
    """There are others than Linux."""
    assert Memory(system=tmp_path).budget(processes=1).take(2**40, processes=8) is None
