"""How a process of Milepost behaves: its log, its metrics, its limits and its end."""
