"""What belongs to the server alone."""
