"""What files are called that may hold sound, among other files; their content decides how they are read."""

__all__ = ["AUDIO_SUFFIXES"]

AUDIO_SUFFIXES = frozenset({
    ".aac", ".aif", ".aiff", ".amr", ".au", ".avi", ".caf", ".flac", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp2",
    ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".sph", ".w64", ".wav", ".wave", ".weba", ".webm", ".wma",
})  # fmt: skip
