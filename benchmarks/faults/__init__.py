"""What strikes in ``benchmarks/robustness.py``, and what is looked at afterwards."""
