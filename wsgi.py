"""What gunicorn serves: `gunicorn wsgi:app`. For commands: `flask --app wsgi …`."""

import os

from app import create_app
from app.alerts.calls import recorder
from app.extensions import db
from app.runtime.production import refuse_to_serve_unsafe_data

# A command is the operator's: it sees everything. Flask sets this before it loads an app.
serves_web = os.environ.get("FLASK_RUN_FROM_CLI") != "true"
app = create_app(serves_web=serves_web)
if serves_web:
    refuse_to_serve_unsafe_data(app)
    with app.app_context():
        recorder.write_to(db.engine)
