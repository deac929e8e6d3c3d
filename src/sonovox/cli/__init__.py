"""The `sonovox` command: one command a file, loaded when it runs."""
