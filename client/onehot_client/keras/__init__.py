"""From a Keras script to Onehot: a compiled Sequential as a spec.

Importing this package imports no Keras; the first call does.
"""

from onehot_client.keras.refusals import UnsupportedModel
from onehot_client.keras.spec import spec_of
from onehot_client.keras.yaml_text import to_yaml

__all__ = ["UnsupportedModel", "spec_of", "to_yaml"]
