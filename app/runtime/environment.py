"""The environment that the programs run in: where things are, and the secrets."""

from collections.abc import Mapping

from app.runtime.embedded import Postgres, Redis
from app.runtime.keys import load_keys
from app.runtime.plan import Plan

DATABASE = "onebooking"


def program_environment(
    plan: Plan, given: Mapping[str, str], postgres: Postgres | None, redis: Redis | None
) -> dict[str, str]:
    """What every program is given; what the operator has set stays as it is."""
    places = {
        "DATABASE_URL": postgres.url(DATABASE) if postgres else plan.database_url or "",
        "REDIS_URL": redis.url() if redis else plan.redis_url or "",
        "DATA_DIR": str(plan.data),
        "PROMETHEUS_MULTIPROC_DIR": str(plan.metrics),
    }
    behaviour = {
        "HOST": plan.host,
        "PORT": str(plan.port),
        "BASE_URL": given.get("BASE_URL") or plan.address,
        "DEMO": "1" if plan.demo else "0",
        "OUTBOUND_ALLOW": plan.outbound_allow,
        "WEB_PROCESSES": str(plan.web_processes),
        "DEMO_SITE_PORT": str(plan.demo_port),
        "ONEBOOKING_API_URL": plan.here,
        "PYTHONUNBUFFERED": "1",
    }
    keys = load_keys(plan.data / "secrets.env", given)
    return {**standins(plan), **given, **keys, **places, **behaviour}


def standins(plan: Plan) -> dict[str, str]:
    """Where the demo finds what stands in for the outside world; the operator may say otherwise."""
    at = {name: f"http://127.0.0.1:{port}" for name, port in plan.standins.items()}
    if not at:
        return {}
    return {
        "COVERMANAGER_URL": at["covermanager"],
        "RESTOO_URL": at["restoo"],
        "PAYPAL_URL": at["paypal"],
        "TWILIO_URL": at["twilio"],
        "GRAPH_URL": at["graph"],
        "GRAPH_LOGIN_URL": at["graph"],
    }
