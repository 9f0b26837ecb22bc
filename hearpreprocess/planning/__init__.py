"""Forecast what a run will download, unpack, write and take."""

from hearpreprocess.planning.forecast import Forecast, ItemKind, together, together_cleaned
from hearpreprocess.planning.task_forecast import forecast

__all__ = ["Forecast", "ItemKind", "forecast", "together", "together_cleaned"]
