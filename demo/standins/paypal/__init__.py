"""A stand-in for PayPal: token, orders, captures, refunds, the page where a payer approves, and
webhooks signed under an authority of its own. `python -m demo.standins.paypal --port N`."""
