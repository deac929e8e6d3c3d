"""What ties sonovox to other libraries: one a file or folder."""
