"""Both distributions as wheels, built as one would for an index."""

import subprocess
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = '. scripts/uv_settings.sh && exec nice "$uv" build --quiet --all-packages --wheel --out-dir "$0"'


class Wheel:
    """One built wheel.

    Args:
        path: Of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with zipfile.ZipFile(path) as archive:
            self._content = {name: archive.read(name) for name in archive.namelist()}

    @property
    def files(self) -> set[str]:
        """Its files but for those that describe the wheel itself."""
        return {name for name in self._content if not name.split("/")[0].endswith(".dist-info")}

    @property
    def metadata(self) -> Message:
        """What it says of itself."""
        return message_from_bytes(self._described("METADATA"))

    def licence_file(self, name: str) -> bytes:
        """A licence file, as it is in the wheel."""
        return self._described(f"licenses/{name}")

    def entry_points(self) -> str:
        """The commands that it installs."""
        return self._described("entry_points.txt").decode()

    def unpack(self, folder: Path) -> None:
        """Put its files into a folder, as an installation does."""
        with zipfile.ZipFile(self.path) as archive:
            archive.extractall(folder)

    def _described(self, name: str) -> bytes:
        (found,) = [content for path, content in self._content.items() if path.endswith(f".dist-info/{name}")]
        return found


def build_wheels(folder: Path) -> dict[str, Wheel]:
    """Build both distributions; name → wheel."""
    subprocess.run(["sh", "-c", BUILD, str(folder)], cwd=ROOT, check=True)
    wheels = [Wheel(path) for path in sorted(folder.glob("*.whl"))]
    return {str(wheel.metadata["Name"]): wheel for wheel in wheels}
