"""`python -m trainer.worker`: takes trainings from the queue, one at a time.

Exit status: 0 asked to stop (or nothing left, with --burst), 2 wrong usage or settings, or a queue that
refuses this worker.
"""

import argparse
import gc
import importlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence

from models.queue.names import CPU_QUEUE, GPU_QUEUE, QUEUES
from models.settings import SettingsError, read_settings
from trainer.backends.choice import choose_backend, is_installed
from trainer.backends.gpu_count import count_gpus
from trainer.launch.launch import trial_module
from trainer.queue.redis_connection import QueueRefused, await_server, connect
from trainer.worker.logs import set_up_logs
from trainer.worker.training_worker import LEASE_S, TrainingWorker

__all__ = ["main", "preload"]

LATER: Mapping[str, tuple[str, ...]] = {
    "tensorflow": ("trainer.fit.tensorflow_stepper", "tf2onnx.convert"),
    "jax": ("trainer.fit.jax_stepper",),
    "torch": (),
}
"""Backend → what a training would import later on."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker until it is asked to stop; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    set_up_logs(settings.log_format, settings.log_level)
    try:
        await_server(settings.redis_url, settings.redis_password_file)
    except QueueRefused as error:
        print(error, file=sys.stderr)
        return 2
    preload(options.backend)
    connection = connect(settings.redis_url, settings.redis_password_file)
    queues = options.queue or [CPU_QUEUE]
    gpus = count_gpus() if GPU_QUEUE in queues else 0
    worker = TrainingWorker(queues, connection, lease_s=options.lease, gpus=gpus)
    worker.work(burst=options.burst, logging_level=settings.log_level.upper())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer.worker", description="Train what is queued.")
    parser.add_argument("--queue", action="append", choices=QUEUES, help="take jobs from this queue; may be repeated")
    parser.add_argument(
        "--backend", choices=tuple(LATER), default="tensorflow", help="what is kept warm; others start fresh"
    )
    parser.add_argument(
        "--lease", type=int, default=LEASE_S, metavar="SECONDS", help="a worker that is silent for so long lost its job"
    )
    parser.add_argument("--burst", action="store_true", help="end when the queue is empty")
    return parser


def preload(backend: str) -> None:
    """Import what a training imports, once for all jobs: a forked work-horse has it at once.

    Import only. After a single operation a framework has threads, and a forked child would wait for them for ever.
    """
    if not is_installed(backend):
        logging.getLogger("trainer").warning("%s is not installed: nothing is kept warm", backend)
        return
    choose_backend(backend)
    trial_module()
    importlib.import_module("trainer.search.proposals")
    from trainer.publication import package_versions  # noqa: PLC0415 -- imports Keras

    for name in LATER[backend]:
        importlib.import_module(name)
    package_versions()
    gc.collect()
    gc.freeze()  # children share these objects and need not look through them again


if __name__ == "__main__":
    sys.exit(main())
