"""What rules an organisation now, and who may ask."""
