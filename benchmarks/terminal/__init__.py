"""What the terminal client costs, and whether typing in it is disturbed."""
