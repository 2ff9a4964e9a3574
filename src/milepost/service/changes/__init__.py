"""Changes of definitions: drafts beside live ones, previews, review, publication, and what becomes of progress."""
