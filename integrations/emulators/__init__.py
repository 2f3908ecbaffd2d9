"""The other side of each wire, to be run on its own for the demo and for tests; production never starts it."""
