"""One seed, one result."""

import keras

__all__ = ["seed_everything"]


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and the backend, and have tensorflow use deterministic kernels on CPUs.

    On GPUs it does not: kernels without a deterministic twin would refuse to run there.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # noqa: PLC0415 -- other backends have no tensorflow

        if not tf.config.get_visible_devices("GPU"):
            tf.config.experimental.enable_op_determinism()
