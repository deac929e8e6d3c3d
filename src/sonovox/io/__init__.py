"""Files of sound: read, write, describe, and stream in blocks."""

from sonovox.io.info import info
from sonovox.io.load import load
from sonovox.io.metadata import AudioMetaData
from sonovox.io.save import save
from sonovox.io.stream import stream

__all__ = ["AudioMetaData", "info", "load", "save", "stream"]
