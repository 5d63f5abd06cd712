"""Room: the delivery machine. Dispatch, lanes, claim, retry, breaker, replay; channel-blind."""
