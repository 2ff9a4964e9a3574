"""The feed: outcomes of an organisation, to be fetched."""
