"""Sales SLA reviews: KPI logic, parameterized notebooks, self-contained HTML packets."""
