"""Forecast what a run will download, unpack, write and take."""

from hearpreprocess.planning.of_task import forecast
from hearpreprocess.planning.parts import Forecast, Kind, together, together_cleaned

__all__ = ["Forecast", "Kind", "forecast", "together", "together_cleaned"]
