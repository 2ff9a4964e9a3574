"""`milepost compat`: move from the vendor to Milepost."""
