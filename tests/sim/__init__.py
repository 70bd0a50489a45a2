"""The deterministic simulator: the real hub, guests and logs on a simulated network and clock."""
