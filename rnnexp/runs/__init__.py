"""Runs that there have been: read from their folders, found, compared, exported again and cleaned up."""
