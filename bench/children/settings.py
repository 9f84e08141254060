"""The console's settings with one address more: a bare view behind the console's own middleware and sign-in."""

from console.settings import *  # noqa: F403 - the same settings, whatever they are

ROOT_URLCONF = "bench.children.urls"
