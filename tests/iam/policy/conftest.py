"""Hypothesis for a machine that may be busy: how long an example takes is the benchmarks' business."""

from hypothesis import HealthCheck, settings

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")
