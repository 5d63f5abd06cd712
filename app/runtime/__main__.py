"""`python -m app.runtime`: what `./run` becomes."""

import sys

from app.runtime.launch import main

sys.exit(main())
