"""The real servers that the demo, the tests and the bench run on: private, on loopback, gone when their owner is."""
