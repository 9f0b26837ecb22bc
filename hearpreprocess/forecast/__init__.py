"""Forecast what a run will download, unpack, write and take."""

from hearpreprocess.forecast.of_task import forecast
from hearpreprocess.forecast.parts import Forecast, Kind, together, together_cleaned

__all__ = ["Forecast", "Kind", "forecast", "together", "together_cleaned"]
