"""What one delivery costs a server's CPU: this one, the C floor, and what people pick instead."""
