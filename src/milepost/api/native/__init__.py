"""Our own API below `/api/v1`, for what the vendor's API has no calls for."""
