"""The configuration of supervisord.

It holds no secret and no path that might need quotes: they reach supervisord in its environment.
"""

from app.runtime.plan import Plan
from app.runtime.programs import Program

APP = "app"

HEAD = """\
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
nodaemon=true
silent=true
umask=077
logfile=logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile=run/supervisord.pid
childlogdir=logs

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """
[program:{name}]
command=%(ENV_OB_COMMAND_{name})s
numprocs={copies}
process_name={process_name}
priority={priority}
autostart={autostart}
autorestart=true
startsecs=2
startretries=3
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
stopasgroup={stop_as_group}
killasgroup=true
redirect_stderr=true
stdout_logfile=logs/{process_name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


def configuration(plan: Plan, programs: list[Program]) -> str:
    """The text of supervisord.conf. Programs that wait are one group: they stop together."""
    waiting = [each for each in programs if not each.at_once]
    group = f"\n[group:{APP}]\nprograms={','.join(each.name for each in waiting)}\npriority=30\n"
    # Relative to DATA_DIR, or in /tmp: no special characters either way.
    inside = plan.sockets == plan.run
    socket = ("run" if inside else str(plan.sockets)) + "/supervisor.sock"
    return HEAD.format(socket=socket) + "".join(map(_section, programs)) + group


def _section(program: Program) -> str:
    values = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in vars(program).items()
    }
    process_name = program.name if program.copies == 1 else f"{program.name}_%(process_num)d"
    return PROGRAM.format(**values, process_name=process_name, autostart=values["at_once"])
