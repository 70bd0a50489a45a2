"""The server's shell: sockets, loop and disk around the hub."""
