"""The shapes of the vendor's v2 and v3 interfaces, exactly."""
