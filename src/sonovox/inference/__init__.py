"""One task a file: where models, decoding and audio files meet."""
