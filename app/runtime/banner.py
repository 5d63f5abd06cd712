"""What `./run` says when everything answers."""

from app.runtime.plan import Plan

DEMO = """
  Logins, all with the password demo-onebooking:
    owner@onebooking.test     superadmin everywhere
    manager@onebooking.test   admin of hanuman-world and flying-hanuman
    desk@onebooking.test      staff of hanuman-world
    anchor@onebooking.test    admin of the-anchor
    dive@onebooking.test      admin of coral-divers
    reef@onebooking.test      the portal of Reef Travel, a partner
  Demo source website (hanuman-world): http://127.0.0.1:{demo_port}
  Stand-ins for CoverManager, Restoo, PayPal, Twilio and Microsoft Graph:
    {standins}
"""


def demo_lines(plan: Plan) -> str:
    """The logins, and what runs beside the hub."""
    at = " ".join(f"http://127.0.0.1:{port}" for port in plan.standins.values())
    return DEMO.format(demo_port=plan.demo_port, standins=at).strip("\n")


def show(plan: Plan, first_admin_link: str | None) -> None:
    """Print the address, and how to get in."""
    print(f"Ready: {plan.address}", flush=True)
    if plan.demo:
        print(demo_lines(plan))
    if first_admin_link:
        print(f"  Make the first superadmin (this link works once): {first_admin_link}")
    print(f"  Data and logs: {plan.data}. Ctrl-C stops everything.", flush=True)
