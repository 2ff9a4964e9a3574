"""The embedded PostgreSQL server: where its data lies, who runs it, how it is started and stopped."""
