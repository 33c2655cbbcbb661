"""An experiment, from settings to published files: a file a stage."""
