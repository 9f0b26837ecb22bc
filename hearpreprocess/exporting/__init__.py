"""Exports of finished tasks to the formats of training libraries."""

from hearpreprocess.exporting.formats import FORMATS, Format, Options
from hearpreprocess.exporting.opening import check_task_path
from hearpreprocess.exporting.plan import EXPORTS, PlannedExport, export, planned_export

__all__ = ["EXPORTS", "FORMATS", "Format", "Options", "PlannedExport", "check_task_path", "export", "planned_export"]
