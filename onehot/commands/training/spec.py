"""`onehot spec`: what a spec may say."""

from onehot.commands.training.explain import SpecGroup

__all__ = ["spec"]

spec = SpecGroup()
