"""The agents' desk over `dossiers`: the queue, who is on a dossier, what they export."""
