"""What happens: `step` is the only door by which an event changes a standing; pure."""
