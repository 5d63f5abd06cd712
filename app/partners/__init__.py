"""Partners: agencies and platforms that book through the hub for their own guests."""
