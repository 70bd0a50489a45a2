"""The secure handshake: DTLS 1.2 for both ends, and what each takes away from it."""
