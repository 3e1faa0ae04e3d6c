"""From a Keras script to Onehot: a compiled Sequential as a spec, and its `fit` on the queue.

Importing this package imports no Keras; the first call does.
"""

from onehot_client.keras.remote_fit import Trained, train
from onehot_client.keras.spec_writer import spec_of
from onehot_client.keras.spec_yaml import to_yaml
from onehot_client.keras.without_word import UnsupportedModel

__all__ = ["Trained", "UnsupportedModel", "spec_of", "to_yaml", "train"]
