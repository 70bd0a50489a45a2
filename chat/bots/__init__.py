"""A crowd on a script: what it is to do, who does it, and what came of it."""
