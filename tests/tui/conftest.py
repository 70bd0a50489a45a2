"""Properties are slow on a busy machine; that is no failure."""

from hypothesis import settings

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
