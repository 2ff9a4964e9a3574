"""Our own face, `/api/v1`: what the vendor's cannot say."""
