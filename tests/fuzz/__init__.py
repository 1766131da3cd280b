"""Every parser of outside bytes fed with what nobody would send: it says no in its own words, or takes it."""
