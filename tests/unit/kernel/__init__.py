"""What every service stands on: ids, calendar, refusals, commands."""
