"""The analysts' room: every KPI is one plain function here. Importing this package registers them all."""

from slareport.kpis import pipeline, response

__all__ = ["pipeline", "response"]
