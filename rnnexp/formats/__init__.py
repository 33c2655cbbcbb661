"""The file formats that networks are written to and read from: a folder each."""
