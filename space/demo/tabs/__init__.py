"""One folder a tab: what it computes, says and draws. A new tab is a folder, its texts and one line here."""

from __future__ import annotations

from demo.tab import Tab
from demo.tabs.filter.tab import FILTER
from demo.tabs.inside.tab import INSIDE
from demo.tabs.tour.tab import TOUR
from demo.tabs.what.tab import WHAT

# In the order of the page, which opens with the first.
TABS: list[Tab] = [WHAT, FILTER, INSIDE, TOUR]
