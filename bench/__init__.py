"""The workloads that Milepost is measured by, each beside its baseline in the same run: `python -m bench`."""
