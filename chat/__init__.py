"""A chat room on one UDP port."""
