"""How the cost of a server grows: with members of a room, with rooms, with sessions that are idle."""
