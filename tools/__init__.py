"""What maintainers run now and then, by `python3 dev.py`; no part of what is installed."""
