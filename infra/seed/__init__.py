"""The demo group: its units, rules, staff and systems, brought in through the public doors."""
