"""Values as PostgreSQL takes them: arrays, and rows of COPY."""
