"""What happened to one item, instant by instant, and why it is judged as it is: what settles a dispute.

    explain(known, judged, agreement, teams, "00Q17", "lead-response")

Pure: the same tables and judgements give the same timeline. `telling` puts it into words for a page or a terminal.
"""

from slareport.timeline.clocks import ItemClock
from slareport.timeline.events import EVENTS, Event
from slareport.timeline.explaining import Timeline, explain

__all__ = ["EVENTS", "Event", "ItemClock", "Timeline", "explain"]
