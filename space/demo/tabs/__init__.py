"""One folder a tab: what it computes, says and draws."""
