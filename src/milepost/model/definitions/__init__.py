"""What an organisation defines beside target groups."""
