"""What happens because time passes, and not because anybody asks."""
