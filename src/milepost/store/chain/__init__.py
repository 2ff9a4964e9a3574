"""The chains over the customers' logs, and the signed roots over them (decision 0047)."""
