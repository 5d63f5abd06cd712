"""Room: messages to guests and staff, by SMS and e-mail: a channel of the delivery machine."""
