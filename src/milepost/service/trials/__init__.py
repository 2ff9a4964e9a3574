"""Trials: what a customer's log leads to when one definition is another one, by the same fold as everything else."""
