"""Good requests, and ways to spoil them: the same seed gives the same bytes."""

from tests.contract.mutated.originals import ORIGINALS, Call
from tests.contract.mutated.spoiling import spoiled, spoiled_json

__all__ = ["ORIGINALS", "Call", "spoiled", "spoiled_json"]
