"""What gunicorn serves: `gunicorn wsgi:app`. For commands: `flask --app wsgi …`."""

import os

from app import create_app

# A command is the operator's: it sees everything. Flask sets this before it loads an app.
app = create_app(serves_web=os.environ.get("FLASK_RUN_FROM_CLI") != "true")
