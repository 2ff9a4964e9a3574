"""An organisation's definitions, settings and places as of now, and its logins."""
