"""What `./run` becomes: `python app/runtime`.

Run by path, not as a module: the launcher has no use for the web app, and importing it would cost
every start a second and the whole run its memory. So `app` is a bare package here.
"""

import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT)
bare = sys.modules["app"] = ModuleType("app")
bare.__path__ = [str(ROOT / "app")]

from app.runtime.launch import main  # noqa: E402 - now that `app` is bare

sys.exit(main())
