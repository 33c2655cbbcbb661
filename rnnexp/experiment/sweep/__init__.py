"""Many trainings as one experiment: what is tried, who computes it, what is remembered, and what it says."""
