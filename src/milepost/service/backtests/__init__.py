"""Back-tests: what a definition would have made of the past, beside what a live one made of it."""
