"""Who may ask what: people with their roles, and the scopes that roles are made of."""
