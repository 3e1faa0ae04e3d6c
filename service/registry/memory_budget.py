"""How much memory there is for versions, asked before one is loaded: a refusal is better than the kernel's killer."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Budget", "Memory", "give_back"]

PEAK_FACTOR = 3.0
"""Bytes of memory that loading takes at its peak for each byte of the graph's file, as measured."""
PEAK_BYTES = 8 * 2**20
"""On top of it: the session itself."""
SPARE_SHARE = 0.05
"""Of all memory, stays free for requests."""
MB = 1_000_000
UNLIMITED = 1 << 60


@dataclass(slots=True)
class Budget:
    """The memory that may still be taken: less with each version that is to be loaded."""

    free_bytes: float

    def take(self, graph_bytes: int, *, processes: int) -> str | None:
        """Set memory aside for a version that so many processes load; else why there is not enough."""
        needed = (graph_bytes * PEAK_FACTOR + PEAK_BYTES) * processes
        if not processes or needed <= self.free_bytes:
            self.free_bytes -= needed
            return None
        return (
            f"not enough memory: loading it takes about {needed / MB:.0f} MB ({processes} processes), and "
            f"{max(self.free_bytes, 0) / MB:.0f} MB are free: take labels off versions, lower ONEHOT_KEEP_VERSIONS or "
            "ONEHOT_WORKERS, or give the service more memory"
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """What there is for this service.

    Args:
        limit_bytes: At most this for all its processes together; 0 for what the machine and the control group have.
        system: The root of the system's files.
    """

    limit_bytes: int = 0
    system: Path = Path("/")

    def budget(self, *, processes: int) -> Budget:
        """What is free now, less what requests should find free; each process is taken to be as large as this one."""
        return Budget(min(self._free(processes)))

    def _free(self, processes: int) -> Iterator[float]:
        yield self._free_of_machine()
        yield from self._free_of_groups()
        if self.limit_bytes:
            own = _sizes(self.system / "proc/self/status").get("RssAnon", 0)
            yield self.limit_bytes * (1 - SPARE_SHARE) - own * processes

    def _free_of_machine(self) -> float:
        sizes = _sizes(self.system / "proc/meminfo")
        return sizes.get("MemAvailable", UNLIMITED) - sizes.get("MemTotal", 0) * SPARE_SHARE

    def _free_of_groups(self) -> Iterator[float]:
        """Of the control groups that this process is in, in both of their versions."""
        root = self.system / "sys/fs/cgroup"
        for line in _read(self.system / "proc/self/cgroup").splitlines():
            _, controllers, path = line.split(":", 2)
            for folder in ("", path.lstrip("/")):
                if not controllers:
                    yield _free_of_group(root / folder, "memory.max", "memory.current", "inactive_file")
                elif "memory" in controllers.split(","):
                    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
                    yield _free_of_group(root / "memory" / folder, *names)


def give_back() -> None:
    """Let the system have the memory that was freed; the C library would keep much of it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _free_of_group(folder: Path, limit_file: str, usage_file: str, reclaimable: str) -> float:
    limit, usage = _read(folder / limit_file).strip(), _read(folder / usage_file).strip()
    if not limit.isdecimal() or not usage.isdecimal():
        return UNLIMITED
    stat = dict(line.split(maxsplit=1) for line in _read(folder / "memory.stat").splitlines() if " " in line)
    return int(limit) * (1 - SPARE_SHARE) - int(usage) + int(stat.get(reclaimable, 0))


def _sizes(path: Path) -> dict[str, int]:
    """Bytes by name, of a file with lines like `MemAvailable: 8 kB`."""
    lines = (line.split() for line in _read(path).splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) == 3 and words[2] == "kB"}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
