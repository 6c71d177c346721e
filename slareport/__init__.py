"""Sales SLA reviews: KPI logic, parameterized notebooks, self-contained HTML packets."""

import sys

# JupyterLab brings this package along, for a format of JSON that no notebook and no chart has. jsonschema imports it
# wherever it is installed, and it compiles a grammar 38 times: seconds of every command and of every kernel.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
