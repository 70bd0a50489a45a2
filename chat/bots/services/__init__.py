"""The course's three servers as bots: echo, dictionary, remote command."""
