"""The SQL files: named statements, and the schema with its migrations."""
