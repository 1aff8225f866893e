"""Asgi: the application for whoever starts servers by a module's name, as OpenEnv's tools do.

``MEDACTION_CASES`` names the case file; the shipped cases are served without it.
"""

import os

from medaction_gym.integrations.openenv import server

app = server.app(os.environ.get("MEDACTION_CASES") or None)
