"""One module for each of the core's, which covers it alone."""
