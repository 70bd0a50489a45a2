"""Where datagrams meet the operating system: sockets, fan-out, addresses, and bad networks made."""
