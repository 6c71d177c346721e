"""The analysts' room: every KPI is one plain function here. Importing this package registers them all."""

from slareport.kpis import forecast, governance, handoffs, marketing, pipeline, response, satisfaction

__all__ = ["forecast", "governance", "handoffs", "marketing", "pipeline", "response", "satisfaction"]
