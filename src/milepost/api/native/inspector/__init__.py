"""The inspector: a receiver inside the server, to see what a webhook is sent."""
