"""The broker's topology, made from `contracts.flux` and imported at install: users, rights, exchanges, queues."""
