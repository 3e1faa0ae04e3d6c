"""Archives of arrays, as they are trained on (`.npz`): the features of one are a batch."""

import io
import zipfile

from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec
from models.sources.damaged_files import UNREADABLE
from models.sources.known_sources import FEATURE_ARRAYS
from models.sources.npz_arrays import feature_array
from service.decoding.npy import parse_npy

__all__ = ["NPZ", "parse_npz"]

NPZ = "application/x-npz"
SHOWN_NAMES = 10


def parse_npz(body: bytes, spec: InstanceSpec, *, most_bytes: int) -> Array:
    """Make a batch of the features in an archive; targets and names of classes are passed over.

    Args:
        body: The file.
        spec: What an instance looks like.
        most_bytes: What the features may become.

    Returns:
        float32 `(batch, *spec.shape)`; object where the model has optional columns.

    Raises:
        InputError: When it is no archive, it is not certain which array the features are, or they do not fit.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            member = _member(archive)
            if member.file_size > most_bytes:
                expected = f"features of at most {most_bytes} bytes (ONEHOT_MAX_BODY_BYTES)"
                raise InputError(where="body", expected=expected, received=f"{member.file_size} bytes in an archive")
            content = archive.read(member)
    except UNREADABLE as error:
        raise InputError(where="body", expected="a .npz file", received=shown(str(error))) from error
    return parse_npy(content, spec)


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
    name = feature_array(list(members))
    if name is None:
        expected = f"an array {FEATURE_ARRAYS[0]!r} (or {', '.join(FEATURE_ARRAYS[1:])}), or only one beside the target"
        received = ", ".join(list(members)[:SHOWN_NAMES]) or "none"
        raise InputError(where="body", expected=expected, received=received)
    return members[name]
