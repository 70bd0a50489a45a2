"""The terminal client: a pure model of what is shown, and a terminal around it."""
