"""`onehot spec`: the spec of a Keras file, and what a spec may say."""

from onehot.commands.training.explain import SpecGroup
from onehot.commands.training.keras_file import spec_of_file

__all__ = ["spec"]

spec = SpecGroup(spec_of_file)
