"""The database: all SQL, all stored bytes, and the only use of the PostgreSQL driver for them."""
