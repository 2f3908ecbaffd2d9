"""Golos Text as two plain font files for PDFs: regular and semi-bold, each with all Kazakh and Russian letters.

The package brings the font in four variable files, one for each script. WeasyPrint cannot tell apart fonts of one
family and weight and would mix up their glyphs, and it would cut the weight out anew for every document. So the
weights are cut out and the scripts joined once, into a folder beside the data; the name has the hash of the sources.
"""

import hashlib
import io
import os
import tempfile
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FAMILY = "Golos Text Variable"
WEIGHTS = (400, 600)
# The first file that has a letter gives it.
SCRIPTS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext")
SOURCE = "vendor/golos-text/files/golos-text-{}-wght-normal.woff2"


def static_path(name: str) -> Path:
    """A static file on this machine: in its source folder, or collected where the sources were left out."""
    return Path(finders.find(name) or Path(settings.STATIC_ROOT) / name).resolve()


@cache
def font_files() -> dict[int, Path]:
    """The font file of each weight, made on the first call in a data folder: about two seconds, once."""
    sources = [static_path(SOURCE.format(script)) for script in SCRIPTS]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    folder = Path(settings.DATA_DIR) / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    files = {weight: folder / f"golos-text-{weight}-{digest}.ttf" for weight in WEIGHTS}
    for weight, file in files.items():
        if not file.exists():
            _write(file, _joined(sources, weight))
    return files


def _joined(sources: list[Path], weight: int) -> bytes:
    """One static font of all the sources; its bytes depend on nothing but them."""
    variable = [TTFont(source, recalcTimestamp=False) for source in sources]
    born = variable[0]["head"].created
    font = Merger().merge([_static(source, weight) for source in variable])
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = born
    return _saved(font)


def _static(font: TTFont, weight: int) -> io.BytesIO:
    font.flavor = None
    return io.BytesIO(_saved(instantiateVariableFont(font, {"wght": weight}, static=True)))


def _saved(font: TTFont) -> bytes:
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all: another process may be reading the folder."""
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as unfinished:
        unfinished.write(content)
    Path(name).chmod(0o644)  # the workers may be another user than the one who came first
    Path(name).replace(file)
