"""For who runs a server: its admin socket, and what can be asked there."""
