"""Room: the append-only log. History, audit, and the source of everything sent out."""
