"""What is due because time passes, or takes long."""
