"""The tools of the command line: a file a verb."""
