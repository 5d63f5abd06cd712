"""Room: who waits for a place on a full departure, and who is offered one."""
