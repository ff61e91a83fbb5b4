"""How the system is put up: topology, images, and real servers for the demo and the tests."""
