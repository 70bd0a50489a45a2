"""`chat demo`: the claim, proven in front of you.

A server on a free port of this machine, four bots that talk to each other, and you; then a network
that loses a third of everything, then one that loses all of it. At the end it is counted who was
shown what.
"""
